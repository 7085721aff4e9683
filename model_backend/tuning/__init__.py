"""The general trainer: any model or none, any of the paper's objectives, data in parquet."""
