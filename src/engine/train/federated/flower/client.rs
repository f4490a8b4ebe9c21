//! The calls of Flower's Fleet API, each a signed POST of protobuf.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prost::Message;

use super::super::FederatedError;
use super::key::{BranchKey, base64};
use super::objects::{Content, Objects, inflate};
use super::wire::{self, EmptyContent, Envelope, Metadata, Node, ObjectTree};
use crate::job::Reporter;

/// Seconds after which a server takes a silent branch for gone.
const HEARTBEAT: f64 = 30.0;
/// What one call may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of one answer.
const LARGEST: u64 = 256 * 1024 * 1024;
/// Objects of one message.
const MOST_OBJECTS: usize = 10_000;
/// Time between two looks for what is not there yet.
const PAUSE: Duration = Duration::from_millis(50);
/// Looks for one object before giving up: half a minute.
const LOOKS: usize = 600;

/// Bodies that went over the wire; HTTP's own heads are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Traffic {
    pub sent: u64,
    pub received: u64,
}

/// A branch at a server, from registration to [`leave`](Self::leave).
pub struct Client {
    agent: ureq::Agent,
    base: String,
    key: BranchKey,
    node: Node,
    registered_here: bool,
    traffic: Traffic,
    beat: std::time::Instant,
}

/// What the server asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Instruction {
    /// `query`, `train` or `evaluate`; after a point there may be a name.
    pub kind: String,
    /// The round as the server counts it.
    pub round: String,
    pub content: Content,
    metadata: Metadata,
}

impl Client {
    /// Registers unless `known` (the server's owner has registered the key), and activates.
    ///
    /// `base` is the server's address with its scheme: `http://127.0.0.1:8000`, or `https://…`.
    ///
    /// # Errors
    /// No answer, or the server refuses.
    pub fn connect(base: &str, key: BranchKey, known: bool) -> Result<Self, FederatedError> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .into();
        let mut client = Self {
            agent,
            base: base.trim_end_matches('/').to_owned(),
            key,
            node: Node { node_id: 0 },
            registered_here: !known,
            traffic: Traffic::default(),
            beat: std::time::Instant::now(),
        };
        let public_key = client.key.public_pem().into_bytes();
        if !known {
            let request = wire::RegisterRequest { public_key: public_key.clone() };
            client.call::<wire::NodeNumber>("register-node", &request)?;
        }
        let request = wire::ActivateRequest { public_key, heartbeat_interval: HEARTBEAT };
        client.node.node_id = client.call::<wire::NodeNumber>("activate-node", &request)?.node_id;
        Ok(client)
    }

    /// The number that the server gave.
    pub fn node(&self) -> u64 {
        self.node.node_id
    }

    /// What went over the wire so far.
    pub fn traffic(&self) -> Traffic {
        self.traffic
    }

    /// The next instruction, if there is one. Tells the server now and then that the branch is still there.
    ///
    /// # Errors
    /// No answer, a refusal, what is not Flower's protocol, or the person cancelled.
    pub fn pull(&mut self, report: &Reporter) -> crate::Result<Option<Instruction>> {
        report.check()?;
        if self.beat.elapsed().as_secs_f64() > HEARTBEAT / 3.0 {
            let request =
                wire::HeartbeatRequest { node: Some(self.node.clone()), heartbeat_interval: HEARTBEAT };
            let answer: wire::HeartbeatResponse = self.call("send-node-heartbeat", &request)?;
            if !answer.success {
                return Err(self.refused("it no longer knows this branch").into());
            }
            self.beat = std::time::Instant::now();
        }
        let request = wire::PullMessagesRequest { node: Some(self.node.clone()) };
        let answer: wire::PullMessagesResponse = self.call("pull-messages", &request)?;
        let (Some(message), Some(tree)) = (answer.messages.into_iter().next(), answer.trees.first()) else {
            return Ok(None);
        };
        let protocol = |cause: &str| FederatedError::Protocol { cause: cause.to_owned() };
        let metadata = message.metadata.ok_or_else(|| protocol("a message without metadata"))?;
        let mut ids = Vec::new();
        collect(tree, &mut ids, 0).ok_or_else(|| protocol("a message of too many objects"))?;
        let mut objects = HashMap::new();
        for id in ids {
            if let Entry::Vacant(place) = objects.entry(id) {
                let content = self.pull_object(metadata.run_id, place.key(), report)?;
                place.insert(content);
            }
        }
        let request = wire::ConfirmRequest {
            node: Some(self.node.clone()),
            run_id: metadata.run_id,
            message_object_id: metadata.message_id.clone(),
        };
        self.call::<wire::Nothing>("confirm-message-received", &request)?;
        let content = inflate(&tree.object_id, &objects)?;
        let (kind, round) = (metadata.message_type.clone(), metadata.group_id.clone());
        Ok(Some(Instruction { kind, round, content, metadata }))
    }

    fn pull_object(&mut self, run_id: u64, id: &str, report: &Reporter) -> crate::Result<Vec<u8>> {
        let request =
            wire::PullObjectRequest { node: Some(self.node.clone()), run_id, object_id: id.to_owned() };
        for _ in 0..LOOKS {
            report.check()?;
            let answer: wire::PullObjectResponse = self.call("pull-object", &request)?;
            if !answer.object_found {
                return Err(FederatedError::Protocol { cause: "an object is not there".to_owned() }.into());
            }
            if answer.object_available {
                return Ok(answer.object_content);
            }
            std::thread::sleep(PAUSE);
        }
        Err(self.refused("an object did not come in time").into())
    }

    /// Answers an instruction; `seconds` is how long the branch worked on it.
    ///
    /// # Errors
    /// As [`pull`](Self::pull).
    pub fn reply(
        &mut self,
        to: &Instruction,
        content: &Content,
        seconds: f64,
        report: &Reporter,
    ) -> crate::Result<()> {
        let asked = &to.metadata;
        let now = now();
        let mut metadata = Metadata {
            run_id: asked.run_id,
            message_id: String::new(),
            src_node_id: asked.dst_node_id,
            dst_node_id: asked.src_node_id,
            reply_to_message_id: asked.message_id.clone(),
            group_id: asked.group_id.clone(),
            // A reply does not outlive its question.
            ttl: asked.created_at + asked.ttl - now,
            message_type: asked.message_type.clone(),
            created_at: now,
            src_task_id: asked.dst_task_id,
            dst_task_id: asked.src_task_id,
        };
        let mut objects = Objects::of(content);
        let dictionary = objects.0.last().map(|object| object.id.clone()).unwrap_or_default();
        let id = objects.add("Message", vec![dictionary], &metadata.body());
        metadata.message_id.clone_from(&id);
        let request = wire::PushMessagesRequest {
            node: Some(self.node.clone()),
            messages: vec![Envelope { metadata: Some(metadata), content: Some(EmptyContent {}) }],
            trees: vec![objects.tree(&id)],
            seconds: vec![seconds],
        };
        let answer: wire::PushMessagesResponse = self.call("push-messages", &request)?;
        for object in objects.0 {
            report.check()?;
            if !answer.objects_to_push.contains(&object.id) {
                continue;
            }
            let request = wire::PushObjectRequest {
                node: Some(self.node.clone()),
                run_id: asked.run_id,
                object_id: object.id,
                object_content: object.content,
                session_id: answer.session_id.clone(),
            };
            let answer: wire::PushObjectResponse = self.call("push-object", &request)?;
            if !answer.stored {
                return Err(self.refused("it did not keep an object").into());
            }
        }
        Ok(())
    }

    /// Says goodbye.
    ///
    /// # Errors
    /// No answer, or a refusal.
    pub fn leave(mut self) -> Result<Traffic, FederatedError> {
        let request = wire::NodeNumber { node_id: self.node.node_id };
        self.call::<wire::Nothing>("deactivate-node", &request)?;
        if self.registered_here {
            self.call::<wire::Nothing>("unregister-node", &request)?;
        }
        Ok(self.traffic)
    }

    fn refused(&self, cause: &str) -> FederatedError {
        FederatedError::Server { address: self.base.clone(), cause: cause.to_owned() }
    }

    fn call<M: Message + Default>(
        &mut self,
        name: &str,
        request: &impl Message,
    ) -> Result<M, FederatedError> {
        let body = wire::bytes(request);
        let time = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, false);
        let answer = self
            .agent
            .post(format!("{}/v1/fleet/{name}", self.base))
            .header("content-type", "application/protobuf")
            .header("accept", "application/protobuf")
            .header("flwr-public-key", base64(self.key.public_pem().as_bytes()))
            .header("flwr-timestamp", &time)
            .header("flwr-signature", self.key.sign(time.as_bytes())?)
            .send(body.as_slice());
        let mut answer = answer.map_err(|why| self.refused(&why.to_string()))?;
        self.traffic.sent += body.len() as u64;
        let status = answer.status().as_u16();
        let bytes = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
        let bytes = bytes.map_err(|why| self.refused(&why.to_string()))?;
        self.traffic.received += bytes.len() as u64;
        if status != 200 {
            let said: String = String::from_utf8_lossy(&bytes).chars().take(200).collect();
            return Err(self.refused(&format!("{name}: status {status}, {said}")));
        }
        wire::read(&bytes)
            .ok_or_else(|| FederatedError::Protocol { cause: format!("the answer to {name} is no protobuf") })
    }
}

/// The ids of a tree, children first; `None` if there are too many.
fn collect(tree: &ObjectTree, ids: &mut Vec<String>, depth: usize) -> Option<()> {
    if ids.len() >= MOST_OBJECTS || depth > 10 {
        return None;
    }
    tree.children.iter().try_for_each(|child| collect(child, ids, depth + 1))?;
    ids.push(tree.object_id.clone());
    Some(())
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
