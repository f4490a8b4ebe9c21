//! The messages of `flwr.proto` that a branch sends and reads, field by field as flwr 1.42 has them. What a
//! branch has no use for is left out; protobuf skips unknown fields.

use prost::{Message as _, Oneof};

/// A node by its number.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Node {
    #[prost(uint64, tag = "1")]
    pub node_id: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct RegisterRequest {
    /// PEM.
    #[prost(bytes = "vec", tag = "1")]
    pub public_key: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ActivateRequest {
    #[prost(bytes = "vec", tag = "1")]
    pub public_key: Vec<u8>,
    /// Seconds.
    #[prost(double, tag = "2")]
    pub heartbeat_interval: f64,
}

/// Answers of register and activate; requests of deactivate and unregister.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct NodeNumber {
    #[prost(uint64, tag = "1")]
    pub node_id: u64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Nothing {}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HeartbeatRequest {
    #[prost(message, optional, tag = "1")]
    pub node: Option<Node>,
    #[prost(double, tag = "2")]
    pub heartbeat_interval: f64,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct HeartbeatResponse {
    #[prost(bool, tag = "1")]
    pub success: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Metadata {
    #[prost(uint64, tag = "1")]
    pub run_id: u64,
    #[prost(string, tag = "2")]
    pub message_id: String,
    #[prost(uint64, tag = "3")]
    pub src_node_id: u64,
    #[prost(uint64, tag = "4")]
    pub dst_node_id: u64,
    #[prost(string, tag = "5")]
    pub reply_to_message_id: String,
    /// The round, as text.
    #[prost(string, tag = "6")]
    pub group_id: String,
    /// Seconds that the message lives after `created_at`.
    #[prost(double, tag = "7")]
    pub ttl: f64,
    #[prost(string, tag = "8")]
    pub message_type: String,
    /// Seconds since 1970.
    #[prost(double, tag = "9")]
    pub created_at: f64,
    #[prost(uint64, optional, tag = "10")]
    pub src_task_id: Option<u64>,
    #[prost(uint64, optional, tag = "11")]
    pub dst_task_id: Option<u64>,
}

/// Always empty on the wire: contents travel as objects. It must be there all the same.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct EmptyContent {}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Envelope {
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<Metadata>,
    #[prost(message, optional, tag = "2")]
    pub content: Option<EmptyContent>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ObjectTree {
    #[prost(string, tag = "1")]
    pub object_id: String,
    #[prost(message, repeated, tag = "2")]
    pub children: Vec<ObjectTree>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PullMessagesRequest {
    #[prost(message, optional, tag = "1")]
    pub node: Option<Node>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PullMessagesResponse {
    #[prost(message, repeated, tag = "2")]
    pub messages: Vec<Envelope>,
    #[prost(message, repeated, tag = "3")]
    pub trees: Vec<ObjectTree>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PushMessagesRequest {
    #[prost(message, optional, tag = "1")]
    pub node: Option<Node>,
    #[prost(message, repeated, tag = "2")]
    pub messages: Vec<Envelope>,
    #[prost(message, repeated, tag = "3")]
    pub trees: Vec<ObjectTree>,
    /// Seconds that the branch worked.
    #[prost(double, repeated, tag = "4")]
    pub seconds: Vec<f64>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PushMessagesResponse {
    /// Objects that the server does not have yet.
    #[prost(string, repeated, tag = "3")]
    pub objects_to_push: Vec<String>,
    #[prost(string, tag = "4")]
    pub session_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PushObjectRequest {
    #[prost(message, optional, tag = "1")]
    pub node: Option<Node>,
    #[prost(uint64, tag = "2")]
    pub run_id: u64,
    #[prost(string, tag = "3")]
    pub object_id: String,
    #[prost(bytes = "vec", tag = "4")]
    pub object_content: Vec<u8>,
    #[prost(string, tag = "5")]
    pub session_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PushObjectResponse {
    #[prost(bool, tag = "1")]
    pub stored: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PullObjectRequest {
    #[prost(message, optional, tag = "1")]
    pub node: Option<Node>,
    #[prost(uint64, tag = "2")]
    pub run_id: u64,
    #[prost(string, tag = "3")]
    pub object_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PullObjectResponse {
    #[prost(bool, tag = "1")]
    pub object_found: bool,
    /// False while the server still waits for it: ask again.
    #[prost(bool, tag = "2")]
    pub object_available: bool,
    #[prost(bytes = "vec", tag = "3")]
    pub object_content: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct ConfirmRequest {
    #[prost(message, optional, tag = "1")]
    pub node: Option<Node>,
    #[prost(uint64, tag = "2")]
    pub run_id: u64,
    #[prost(string, tag = "3")]
    pub message_object_id: String,
}

/// A value of a metric or of a setting; lists are not read.
#[derive(Clone, PartialEq, Oneof)]
pub(super) enum Scalar {
    #[prost(double, tag = "1")]
    Double(f64),
    #[prost(sint64, tag = "2")]
    Sint(i64),
    #[prost(uint64, tag = "3")]
    Uint(u64),
    #[prost(bool, tag = "4")]
    Bool(bool),
    #[prost(string, tag = "5")]
    Text(String),
}

/// `MetricRecordValue` and `ConfigRecordValue`, which share their first three fields.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Value {
    #[prost(oneof = "Scalar", tags = "1, 2, 3, 4, 5")]
    pub value: Option<Scalar>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Item {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(message, optional, tag = "2")]
    pub value: Option<Value>,
}

/// `MetricRecord` and `ConfigRecord`.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Items {
    #[prost(message, repeated, tag = "1")]
    pub items: Vec<Item>,
}

/// The bytes of a message.
pub(super) fn bytes(message: &impl prost::Message) -> Vec<u8> {
    message.encode_to_vec()
}

/// A message from bytes.
pub(super) fn read<M: prost::Message + Default>(bytes: &[u8]) -> Option<M> {
    M::decode(bytes).ok()
}

impl Metadata {
    /// The body of a message's object: without its own number, which is the object's hash.
    pub(super) fn body(&self) -> Vec<u8> {
        let metadata = Metadata { message_id: String::new(), ..self.clone() };
        Envelope { metadata: Some(metadata), content: None }.encode_to_vec()
    }
}
