//! Curves, tests and coefficients against lifelines.
