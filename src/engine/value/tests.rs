//! The whole of a shop: published figures, known parameters found again, intervals that cover, hostile
//! books.
