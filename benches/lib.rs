//! Shared inputs of the benchmarks: seeded synthetic images, tables and scores.
