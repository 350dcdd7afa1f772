export const logistic = (value) => 1 / (1 + Math.exp(-value));
