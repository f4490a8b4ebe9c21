//! What passes between a branch and the server of a simulation, as bytes: the objects that Flower carries.

use serde::Serialize;

use super::flower::arrays;
use super::flower::objects::{Content, Field, Objects, Record, inflate};
use super::{FederatedError, Learner};

/// Sends content as objects: the other side reads it from the bytes alone.
pub(super) fn pass(
    content: &Content,
    count: &mut u64,
    wire: &mut dyn FnMut(&[u8]),
) -> Result<Content, FederatedError> {
    let objects = Objects::of(content);
    *count += objects.bytes();
    objects.0.iter().for_each(|object| wire(&object.content));
    let root = objects.0.last().map(|object| object.id.clone()).unwrap_or_default();
    inflate(&root, &objects.by_id())
}

pub(super) fn texts<T: Serialize>(name: &str, fields: &[(&str, &T)]) -> Content {
    let told = |value: &T| serde_json::to_string(value).unwrap_or_default();
    let fields = fields.iter().map(|(key, value)| ((*key).to_owned(), Field::Text(told(value))));
    vec![(name.to_owned(), Record::Config(fields.collect()))]
}

pub(super) fn read<T: serde::de::DeserializeOwned>(content: &Content) -> Result<T, FederatedError> {
    let text = content.iter().find_map(|(_, record)| match record {
        Record::Config(fields) => fields.iter().find_map(|(_, field)| match field {
            Field::Text(text) => Some(text),
            _ => None,
        }),
        _ => None,
    });
    text.and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| FederatedError::Protocol { cause: "a text that cannot be read".to_owned() })
}

pub(super) fn weights_of(learner: &Learner, rows: Option<u64>) -> Content {
    let mut content = vec![("arrays".to_owned(), arrays(learner))];
    if let Some(rows) = rows {
        let rows = Field::Count(i64::try_from(rows).unwrap_or(i64::MAX));
        content.push(("metrics".to_owned(), Record::Metrics(vec![("num-examples".to_owned(), rows)])));
    }
    content
}

/// Weights, and the rows that they stand for.
pub(super) fn weights_in(content: &Content) -> Result<(Vec<Vec<f32>>, u64), FederatedError> {
    let (mut weights, mut rows) = (None, 0);
    for (_, record) in content {
        match record {
            Record::Arrays(arrays) => weights = Some(arrays.iter().map(|(_, a)| a.data.clone()).collect()),
            Record::Metrics(fields) => {
                if let Some((_, Field::Count(count))) = fields.first() {
                    rows = u64::try_from(*count).unwrap_or(0);
                }
            }
            Record::Config(_) => {}
        }
    }
    let weights = weights.ok_or_else(|| FederatedError::Protocol { cause: "no weights came".to_owned() })?;
    Ok((weights, rows))
}
