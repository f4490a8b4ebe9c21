/// x
#[derive(Debug, thiserror::Error)]
pub enum HttpError {}
impl HttpError { pub fn kind(&self) -> &'static str { "" } pub(crate) fn place(&self) -> crate::error::Place { crate::error::Place::default() } }
