//! Flower's objects: everything that a message carries is a tree of byte strings, each named by its
//! SHA-256. An object is `Kind child,child length`, a zero byte, and a body.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};
use sha2::{Digest as _, Sha256};

use super::super::FederatedError;
use super::wire::{self, Item, Items, ObjectTree, Scalar};

/// Bytes of one chunk of an array, as flwr has it.
const CHUNK: usize = 5_242_880;
/// Objects deeper than this are refused: message, dictionary, record, array, chunk.
const DEEPEST: usize = 6;

/// An array of 32-bit numbers, in C order.
#[derive(Debug, Clone, PartialEq)]
pub struct Array {
    pub shape: Vec<usize>,
    pub data: Vec<f32>,
}

/// A number or a text of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    Number(f64),
    Count(i64),
    Text(String),
    Flag(bool),
}

/// One record of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// By name, in order.
    Arrays(Vec<(String, Array)>),
    Metrics(Vec<(String, Field)>),
    Config(Vec<(String, Field)>),
}

/// What a message carries.
pub type Content = Vec<(String, Record)>;

/// One object, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Hexadecimal SHA-256 of `content`.
    pub id: String,
    pub content: Vec<u8>,
    pub children: Vec<String>,
}

/// Objects, children before their parents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Objects(pub Vec<Object>);

impl Objects {
    /// The objects of `content`; the last is the dictionary.
    pub fn of(content: &[(String, Record)]) -> Self {
        let mut all = Self::default();
        let mut refs = Vec::new();
        for (name, record) in content {
            let id = match record {
                Record::Arrays(arrays) => all.arrays(arrays),
                Record::Metrics(fields) => all.add("MetricRecord", Vec::new(), &fields_body(fields)),
                Record::Config(fields) => all.add("ConfigRecord", Vec::new(), &fields_body(fields)),
            };
            refs.push((name.clone(), id));
        }
        all.references("RecordDict", &refs);
        all
    }

    /// Adds an object and gives its id; one that is there already is not added again.
    pub(super) fn add(&mut self, kind: &str, children: Vec<String>, body: &[u8]) -> String {
        let mut content = format!("{kind} {} {}", children.join(","), body.len()).into_bytes();
        content.push(0);
        content.extend_from_slice(body);
        let id = hex(&Sha256::digest(&content));
        if !self.0.iter().any(|object| object.id == id) {
            self.0.push(Object { id: id.clone(), content, children });
        }
        id
    }

    fn references(&mut self, kind: &str, refs: &[(String, String)]) -> String {
        let mut children: Vec<String> = Vec::new();
        for (_, id) in refs {
            if !children.contains(id) {
                children.push(id.clone());
            }
        }
        // Written by hand: the order of the names is that of the network's layers.
        let pairs: Vec<String> =
            refs.iter().map(|(name, id)| format!("{}: \"{id}\"", Json::from(name.as_str()))).collect();
        self.add(kind, children, format!("{{{}}}", pairs.join(", ")).as_bytes())
    }

    fn arrays(&mut self, arrays: &[(String, Array)]) -> String {
        let mut refs = Vec::new();
        for (name, array) in arrays {
            let bytes = npy(array);
            let mut children: Vec<String> = Vec::new();
            let mut order = Vec::new();
            for chunk in bytes.chunks(CHUNK) {
                let id = self.add("ArrayChunk", Vec::new(), chunk);
                let at = children.iter().position(|child| *child == id).unwrap_or_else(|| {
                    children.push(id);
                    children.len() - 1
                });
                order.push(at);
            }
            // Byte for byte as Python writes it: equal arrays then have equal names, and are not sent twice.
            let body = format!(
                "{{\"dtype\": \"float32\", \"shape\": [{}], \"stype\": \"numpy.ndarray\", \"arraychunk_ids\": [{}]}}",
                listed(&array.shape),
                listed(&order)
            );
            refs.push((name.clone(), self.add("Array", children, body.as_bytes())));
        }
        self.references("ArrayRecord", &refs)
    }

    /// The tree under the object `id`.
    pub(super) fn tree(&self, id: &str) -> ObjectTree {
        let found = self.0.iter().find(|object| object.id == id);
        let children = found.map_or(&[][..], |object| &object.children);
        ObjectTree { object_id: id.to_owned(), children: children.iter().map(|id| self.tree(id)).collect() }
    }

    /// Bytes of all objects.
    pub fn bytes(&self) -> u64 {
        self.0.iter().map(|object| object.content.len() as u64).sum()
    }

    /// The objects by id, as [`inflate`] wants them.
    pub fn by_id(&self) -> HashMap<String, Vec<u8>> {
        self.0.iter().map(|object| (object.id.clone(), object.content.clone())).collect()
    }
}

/// The records under `root`, a message or a dictionary.
///
/// # Errors
/// An object that is missing, that is not what its name says, or that is none of Flower's kinds.
pub fn inflate(root: &str, objects: &HashMap<String, Vec<u8>>) -> Result<Content, FederatedError> {
    dictionary(root, objects, 0)
}

fn protocol(cause: &str) -> FederatedError {
    FederatedError::Protocol { cause: cause.to_owned() }
}

/// Kind, children and body.
fn parts<'a>(
    id: &str,
    objects: &'a HashMap<String, Vec<u8>>,
) -> Result<(&'a str, Vec<&'a str>, &'a [u8]), FederatedError> {
    let content = objects.get(id).ok_or_else(|| protocol("an object is missing"))?;
    if hex(&Sha256::digest(content)) != id {
        return Err(protocol("an object is not what its name says"));
    }
    let end = content.iter().position(|byte| *byte == 0).ok_or_else(|| protocol("an object has no head"))?;
    let (head, body) = content.split_at(end);
    let head = std::str::from_utf8(head).map_err(|_| protocol("an object's head is no text"))?;
    let mut words = head.split(' ');
    let (Some(kind), Some(children)) = (words.next(), words.next()) else {
        return Err(protocol("an object's head is too short"));
    };
    let children = children.split(',').filter(|id| !id.is_empty()).collect();
    Ok((kind, children, body.get(1..).unwrap_or_default()))
}

fn dictionary(id: &str, objects: &HashMap<String, Vec<u8>>, depth: usize) -> Result<Content, FederatedError> {
    let (kind, children, body) = parts(id, objects)?;
    match (kind, children.first()) {
        ("Message", Some(child)) if depth < DEEPEST => dictionary(child, objects, depth + 1),
        ("RecordDict", _) => {
            let mut content = Vec::new();
            for (name, id) in refs(body)? {
                content.push((name, record(&id, objects)?));
            }
            Ok(content)
        }
        _ => Err(protocol("a message carries no records")),
    }
}

fn refs(body: &[u8]) -> Result<Vec<(String, String)>, FederatedError> {
    let map: Map<String, Json> =
        serde_json::from_slice(body).map_err(|_| protocol("a list of objects is no JSON"))?;
    let mut all = Vec::new();
    for (name, id) in map {
        let Json::String(id) = id else { return Err(protocol("an object's name is no text")) };
        all.push((name, id));
    }
    Ok(all)
}

fn record(id: &str, objects: &HashMap<String, Vec<u8>>) -> Result<Record, FederatedError> {
    let (kind, _, body) = parts(id, objects)?;
    match kind {
        "ArrayRecord" => {
            let mut arrays = Vec::new();
            for (name, id) in refs(body)? {
                arrays.push((name, array(&id, objects)?));
            }
            // Flower names arrays by their place; as text, "10" would stand before "2".
            arrays.sort_by_key(|(name, _)| name.parse::<usize>().unwrap_or(usize::MAX));
            Ok(Record::Arrays(arrays))
        }
        "MetricRecord" => Ok(Record::Metrics(fields(body)?)),
        "ConfigRecord" => Ok(Record::Config(fields(body)?)),
        _ => Err(protocol("a record of an unknown kind")),
    }
}

fn array(id: &str, objects: &HashMap<String, Vec<u8>>) -> Result<Array, FederatedError> {
    let (kind, children, body) = parts(id, objects)?;
    let told: Json = serde_json::from_slice(body).map_err(|_| protocol("an array's head is no JSON"))?;
    let list = |name: &str| -> Option<Vec<usize>> {
        let all = told.get(name)?.as_array()?.iter();
        all.map(|value| usize::try_from(value.as_u64()?).ok()).collect()
    };
    let (Some(shape), Some(order), "Array") = (list("shape"), list("arraychunk_ids"), kind) else {
        return Err(protocol("an array's head is incomplete"));
    };
    let mut bytes = Vec::new();
    for place in order {
        let id = children.get(place).ok_or_else(|| protocol("an array lacks a chunk"))?;
        let ("ArrayChunk", _, body) = parts(id, objects)? else {
            return Err(protocol("an array's chunk is something else"));
        };
        bytes.extend_from_slice(body);
    }
    let data = read_npy(&bytes).ok_or_else(|| protocol("an array is not 32- or 64-bit numbers of numpy"))?;
    let size = shape.iter().try_fold(1usize, |size, side| size.checked_mul(*side));
    match size == Some(data.len()) {
        true => Ok(Array { shape, data }),
        false => Err(protocol("an array's size is not its shape's")),
    }
}

/// numpy's own format, version 1.0 (NEP 1).
fn npy(array: &Array) -> Vec<u8> {
    let sides: Vec<String> = array.shape.iter().map(usize::to_string).collect();
    let shape = match sides.as_slice() {
        [one] => format!("({one},)"),
        _ => format!("({})", sides.join(", ")),
    };
    let mut head = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}");
    // The numbers begin at a multiple of 64; the head ends in a line end.
    let used = 10 + head.len() + 1;
    head.push_str(&" ".repeat(used.next_multiple_of(64) - used));
    head.push('\n');
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend_from_slice(&u16::try_from(head.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(head.as_bytes());
    array.data.iter().for_each(|value| out.extend_from_slice(&value.to_le_bytes()));
    out
}

fn read_npy(bytes: &[u8]) -> Option<Vec<f32>> {
    let rest = bytes.strip_prefix(b"\x93NUMPY\x01\x00")?;
    let (len, rest) = rest.split_first_chunk::<2>()?;
    let len = usize::from(u16::from_le_bytes(*len));
    let (head, data) = (rest.get(..len)?, rest.get(len..)?);
    let head = std::str::from_utf8(head).ok()?;
    if !head.contains("'fortran_order': False") {
        return None;
    }
    if head.contains("'descr': '<f4'") {
        let (all, rest) = data.as_chunks::<4>();
        rest.is_empty().then(|| all.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    } else if head.contains("'descr': '<f8'") {
        let (all, rest) = data.as_chunks::<8>();
        rest.is_empty().then(|| all.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect())
    } else {
        None
    }
}

fn fields_body(fields: &[(String, Field)]) -> Vec<u8> {
    let items = fields.iter().map(|(key, field)| {
        let value = match field {
            Field::Number(value) => Scalar::Double(*value),
            Field::Count(value) => Scalar::Sint(*value),
            Field::Text(value) => Scalar::Text(value.clone()),
            Field::Flag(value) => Scalar::Bool(*value),
        };
        Item { key: key.clone(), value: Some(wire::Value { value: Some(value) }) }
    });
    wire::bytes(&Items { items: items.collect() })
}

fn fields(body: &[u8]) -> Result<Vec<(String, Field)>, FederatedError> {
    let items: Items = wire::read(body).ok_or_else(|| protocol("a record is no protobuf"))?;
    let field = |item: Item| {
        let field = match item.value?.value? {
            Scalar::Double(value) => Field::Number(value),
            Scalar::Sint(value) => Field::Count(value),
            Scalar::Uint(value) => Field::Count(i64::try_from(value).ok()?),
            Scalar::Text(value) => Field::Text(value),
            Scalar::Bool(value) => Field::Flag(value),
        };
        Some((item.key, field))
    };
    // Lists and bytes are nothing that a branch reads.
    Ok(items.items.into_iter().filter_map(field).collect())
}

fn listed(values: &[usize]) -> String {
    values.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
