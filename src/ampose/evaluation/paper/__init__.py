"""The paper's tables and its Figure 4, with our rows beside the published ones."""
