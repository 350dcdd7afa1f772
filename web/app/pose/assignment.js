// The assignment of rows to columns with the largest sum of values (Kuhn's Hungarian method in O(n^3), with potentials),
// as SciPy's linear_sum_assignment: [[row, column], ...].
export function assign(values) {
  const rows = values.length;
  const columns = rows ? values[0].length : 0;
  if (!columns) return [];
  if (rows > columns) {
    const turned = values[0].map((_, column) => values.map((row) => row[column]));
    return assign(turned).map(([column, row]) => [row, column]).sort((a, b) => a[0] - b[0]);
  }
  const [ofRow, ofColumn] = [new Float64Array(rows + 1), new Float64Array(columns + 1)];
  const rowOf = new Int32Array(columns + 1); // of each column; row and column 0 stand for none
  for (let row = 1; row <= rows; row++) {
    const [least, before, visited] = [new Float64Array(columns + 1).fill(Infinity), new Int32Array(columns + 1), new Set()];
    rowOf[0] = row;
    let column = 0;
    do {
      visited.add(column);
      let [smallest, next] = [Infinity, 0];
      for (let other = 1; other <= columns; other++) {
        if (visited.has(other)) continue;
        const cost = -values[rowOf[column] - 1][other - 1] - ofRow[rowOf[column]] - ofColumn[other];
        if (cost < least[other]) [least[other], before[other]] = [cost, column];
        if (least[other] < smallest) [smallest, next] = [least[other], other];
      }
      for (let other = 0; other <= columns; other++) {
        if (visited.has(other)) {
          ofRow[rowOf[other]] += smallest;
          ofColumn[other] -= smallest;
        } else least[other] -= smallest;
      }
      column = next;
    } while (rowOf[column]);
    for (; column; column = before[column]) rowOf[column] = rowOf[before[column]];
  }
  const pairs = [];
  for (let column = 1; column <= columns; column++) if (rowOf[column]) pairs.push([rowOf[column] - 1, column - 1]);
  return pairs.sort((a, b) => a[0] - b[0]);
}
