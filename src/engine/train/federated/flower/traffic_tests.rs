//! Two branches at a server that speaks the Fleet API on loopback and keeps every byte that they send.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::tests::{rows_in, shop};
use super::super::{Agreement, Branch, FederatedSpec, Learner, Rule, Statistics, join};
use super::objects::{Content, Field, Objects, Record, inflate};
use super::wire::{self, EmptyContent, Envelope, Metadata};
use super::{BranchKey, Client, Joined, arrays, serve};
use crate::job::Reporter;

/// What is asked, in this order, of every branch before the next.
const ASKED: [&str; 5] = ["query", "train", "evaluate", "train", "evaluate"];

/// The server: where each branch stands, and what came in.
#[derive(Default)]
struct Server {
    nodes: u64,
    /// Place among [`ASKED`].
    phase: usize,
    /// Branches that were asked in this phase, and the roots of their answers.
    asked: Vec<u64>,
    roots: HashMap<u64, String>,
    answers: Vec<Content>,
    /// Objects that the branches may pull, and those that they pushed.
    ours: HashMap<String, Vec<u8>>,
    theirs: HashMap<String, Vec<u8>>,
    agreement: Option<Agreement>,
    weights: Vec<Vec<f32>>,
    /// Every byte that came in, heads as well.
    traffic: Vec<u8>,
}

fn spec() -> FederatedSpec {
    FederatedSpec { hidden: vec![3], ..FederatedSpec::default() }
}

/// A network with these weights.
fn network(agreement: &Agreement, weights: &[Vec<f32>]) -> Learner {
    let mut learner = Learner::new(&spec(), agreement.width(), 7).unwrap();
    if !weights.is_empty() {
        learner.set_weights(weights).unwrap();
    }
    learner
}

impl Server {
    fn question(&self) -> Content {
        let Some(agreement) = &self.agreement else { return Vec::new() };
        let text = |name: &str, text: String| (name.to_owned(), Field::Text(text));
        let count = |name: &str, count: i64| (name.to_owned(), Field::Count(count));
        let config = vec![
            text("agreement", serde_json::to_string(agreement).unwrap()),
            text("spec", serde_json::to_string(&spec()).unwrap()),
            text("strategy", "FedAvg".to_owned()),
            count("branches", 2),
            count("server-round", (self.phase as i64 + 1) / 2),
        ];
        let weights = arrays(&network(agreement, &self.weights));
        vec![("arrays".to_owned(), weights), ("config".to_owned(), Record::Config(config))]
    }

    /// What all branches said, once all have said it.
    fn settle(&mut self) {
        match ASKED[self.phase] {
            "query" => {
                let told = self.answers.iter().map(|answer| {
                    let Record::Config(fields) = &answer[0].1 else { panic!("{answer:?}") };
                    let Field::Text(text) = &fields[0].1 else { panic!("{fields:?}") };
                    serde_json::from_str::<Statistics>(text).unwrap()
                });
                self.agreement = Some(Agreement::of(&told.collect::<Vec<_>>()).unwrap());
            }
            "train" => {
                let weights = self.answers.iter().map(|answer| {
                    let (mut weights, mut rows) = (Vec::new(), 0);
                    for (_, record) in answer {
                        match record {
                            Record::Arrays(all) => {
                                weights = all.iter().map(|(_, a)| a.data.clone()).collect()
                            }
                            Record::Metrics(fields) => {
                                let named = fields.iter().find(|(name, _)| name == "num-examples");
                                if let Some((_, Field::Count(count))) = named {
                                    rows = *count as u64;
                                }
                            }
                            Record::Config(_) => {}
                        }
                    }
                    (weights, rows)
                });
                self.weights = join(Rule::Mean, &weights.collect::<Vec<_>>()).unwrap();
            }
            _ => {}
        }
        self.phase += 1;
        (self.asked, self.answers) = (Vec::new(), Vec::new());
    }

    fn pull(&mut self, node: u64) -> wire::PullMessagesResponse {
        if let Some(root) = self.roots.remove(&node) {
            self.answers.push(inflate(&root, &self.theirs).unwrap());
            if self.answers.len() == 2 {
                self.settle();
            }
        }
        let nothing = wire::PullMessagesResponse { messages: Vec::new(), trees: Vec::new() };
        // Both must be there before the first question.
        if self.nodes < 2 || self.phase == ASKED.len() || self.asked.contains(&node) {
            return nothing;
        }
        self.asked.push(node);
        let mut metadata = Metadata {
            run_id: 1,
            message_id: String::new(),
            src_node_id: 1,
            dst_node_id: node,
            reply_to_message_id: String::new(),
            group_id: String::new(),
            ttl: 600.0,
            message_type: ASKED[self.phase].to_owned(),
            created_at: SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64(),
            src_task_id: None,
            dst_task_id: None,
        };
        let mut objects = Objects::of(&self.question());
        let dictionary = objects.0.last().unwrap().id.clone();
        let id = objects.add("Message", vec![dictionary], &metadata.body());
        metadata.message_id.clone_from(&id);
        let tree = objects.tree(&id);
        self.ours.extend(objects.by_id());
        let message = Envelope { metadata: Some(metadata), content: Some(EmptyContent {}) };
        wire::PullMessagesResponse { messages: vec![message], trees: vec![tree] }
    }

    fn answer(&mut self, name: &str, body: &[u8]) -> Vec<u8> {
        match name {
            "register-node" => {
                wire::read::<wire::RegisterRequest>(body).unwrap();
                wire::bytes(&wire::NodeNumber { node_id: 0 })
            }
            "activate-node" => {
                self.nodes += 1;
                wire::bytes(&wire::NodeNumber { node_id: 100 + self.nodes })
            }
            "pull-messages" => {
                let asks: wire::PullMessagesRequest = wire::read(body).unwrap();
                wire::bytes(&self.pull(asks.node.unwrap().node_id))
            }
            "pull-object" => {
                let asks: wire::PullObjectRequest = wire::read(body).unwrap();
                let object_content = self.ours.get(&asks.object_id).cloned().unwrap();
                let (object_found, object_available) = (true, true);
                wire::bytes(&wire::PullObjectResponse { object_found, object_available, object_content })
            }
            "push-messages" => {
                let asks: wire::PushMessagesRequest = wire::read(body).unwrap();
                fn ids(tree: &wire::ObjectTree) -> Vec<String> {
                    tree.children.iter().flat_map(ids).chain([tree.object_id.clone()]).collect()
                }
                self.roots.insert(asks.node.unwrap().node_id, asks.trees[0].object_id.clone());
                let objects_to_push = asks.trees.iter().flat_map(ids).collect();
                wire::bytes(&wire::PushMessagesResponse { objects_to_push, session_id: "s".to_owned() })
            }
            "push-object" => {
                let asks: wire::PushObjectRequest = wire::read(body).unwrap();
                self.theirs.insert(asks.object_id, asks.object_content);
                wire::bytes(&wire::PushObjectResponse { stored: true })
            }
            "send-node-heartbeat" => wire::bytes(&wire::HeartbeatResponse { success: true }),
            "confirm-message-received" | "deactivate-node" | "unregister-node" => Vec::new(),
            _ => panic!("{name} is none of the Fleet API's calls"),
        }
    }
}

/// One request; every byte of it is kept.
fn handle(stream: TcpStream, server: &Mutex<Server>) {
    let mut reader = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let from = head.len();
        if reader.read_until(b'\n', &mut head).unwrap() == 0 {
            return;
        }
        let line = String::from_utf8_lossy(&head[from..]).trim().to_ascii_lowercase();
        if let Some(count) = line.strip_prefix("content-length:") {
            length = count.trim().parse().unwrap();
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let text = String::from_utf8_lossy(&head).into_owned();
    let name = text.split_whitespace().nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
    let answer = {
        let mut server = server.lock().unwrap();
        server.traffic.extend_from_slice(&head);
        server.traffic.extend_from_slice(&body);
        server.answer(&name, &body)
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", answer.len());
    let mut stream = reader.into_inner();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&answer).unwrap();
}

/// A visit of each branch at one server; also what the server kept.
fn visit(branches: [&Branch; 2], held: &Branch) -> (Vec<Joined>, Server) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(Mutex::new(Server::default()));
    let kept = server.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let server = kept.clone();
            std::thread::spawn(move || handle(stream, &server));
        }
    });
    let quiet = Duration::from_secs(6);
    let joined = std::thread::scope(|scope| {
        let visits: Vec<_> = branches
            .into_iter()
            .map(|branch| {
                let address = address.clone();
                scope.spawn(move || {
                    let client = Client::connect(&address, BranchKey::new().unwrap(), false).unwrap();
                    serve(client, (branch, held), (3, quiet), &mut |_| {}, &Reporter::silent()).unwrap()
                })
            })
            .collect();
        visits.into_iter().map(|visit| visit.join().unwrap()).collect()
    });
    let server = std::mem::take(&mut *server.lock().unwrap());
    (joined, server)
}

#[test]
fn no_cell_of_a_branch_is_in_its_http_traffic() {
    let (north, south, held) = (shop(260, 21), shop(140, 22), shop(60, 23));
    let (joined, server) = visit([&north, &south], &held);
    for one in &joined {
        let kinds: Vec<&str> = one.turns.iter().map(|turn| turn.kind.as_str()).collect();
        assert_eq!(kinds, ASKED);
        let model = one.model.as_ref().expect("the joined model");
        assert_eq!((model.rounds, model.branches), (Some(2), Some(2)));
        assert_eq!(model.strategy.as_deref(), Some("FedAvg"));
    }
    // Both go home with the same model, and it is the server's.
    assert_eq!(joined[0].model, joined[1].model);
    let agreement = server.agreement.as_ref().unwrap();
    let model = joined[0].model.as_ref().unwrap();
    assert_eq!(&model.agreement, agreement);
    assert_eq!(&model.network, network(agreement, &server.weights).network());

    // What was read is the traffic: statistics, weights, and all that the client says it sent.
    let traffic = &server.traffic;
    assert!(String::from_utf8_lossy(traffic).contains("squares"));
    let bodies: u64 = joined.iter().map(|one| one.traffic.sent).sum();
    assert!(traffic.len() as u64 > bodies && bodies > 5_000, "{} {bodies}", traffic.len());
    for branch in [&north, &south, &held] {
        assert_eq!(rows_in(traffic, branch, agreement), 0);
    }
    // The search would find one.
    let mut leak = traffic.clone();
    agreement.encode(&south).unwrap().row(9).iter().for_each(|v| leak.extend_from_slice(&v.to_le_bytes()));
    assert!(rows_in(&leak, &south, agreement) > 0);
}
