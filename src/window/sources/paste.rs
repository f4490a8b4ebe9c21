//! The box that takes a table from the clipboard.

use std::sync::Arc;

use eframe::egui::{Event, Ui, ViewportCommand};
use regulars_engine::Error;
use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::job::Job;
use regulars_engine::project::Collected;
use regulars_engine::table::Table;

use super::{Reading, Step, ended, first_rows, lines, parts, running};
use crate::window::state::State;
use crate::window::theme::S2;
use crate::words::Lang;

/// Characters that a box of text can hold without being slow.
const SHOWN: usize = 20_000;
/// Characters whose first rows are looked at.
const LOOKED_AT: usize = 64 * 1024;

/// The box.
#[derive(Default)]
pub(in crate::window) struct PasteBox {
    text: Arc<String>,
    look: Option<Job<Result<Table, Error>>>,
    head: Option<Table>,
    reading: Reading,
    /// The clipboard was asked for already.
    asked: bool,
}

impl PasteBox {
    pub(super) fn cancel(&self) {
        self.look.iter().for_each(Job::cancel);
        self.reading.job.iter().for_each(Job::cancel);
    }

    pub(super) fn show(&mut self, ui: &mut Ui, lang: Lang, state: &mut State, masked: bool) -> Step {
        let news = ended(&mut self.look);
        if let Some(head) = self.reading.settle(news) {
            self.head = Some(head);
        }
        if self.reading.poll(state) {
            return Step::Close;
        }
        let mut changed = self.large_paste(ui);
        parts::muted(ui, lang.t("source.paste_help"));
        if self.text.len() > SHOWN {
            let lines = lang.count(self.text.lines().count() as u64);
            ui.label(lang.with("source.pasted", &[("lines", lines)]));
        } else {
            let text = Arc::<String>::make_mut(&mut self.text);
            let edit = lines(ui, lang, "source.text", text, 7);
            changed |= edit.changed();
            if !self.asked {
                // As if the person had pressed the keys: the text comes in the next frame.
                self.asked = true;
                edit.request_focus();
                ui.send_viewport_cmd(ViewportCommand::RequestPaste);
            }
        }
        if !self.text.is_empty() && ui.button(lang.t("source.clear")).clicked() {
            self.text = Arc::default();
            changed = true;
        }
        if changed {
            self.start_look(state, lang);
        }
        running(ui, lang, "look", self.look.as_ref());
        if let Some(head) = &self.head {
            ui.add_space(S2);
            first_rows(ui, lang, head, masked);
        }
        // A paste has no place to be read from again: it opens as a project of its own.
        let done = self.reading.end(ui, lang, false, !self.text.trim().is_empty());
        if done.read {
            self.read(state, lang);
        }
        if done.cancel { Step::Close } else { Step::Stay }
    }

    /// Takes a text that is too long for the box of text before that sees it.
    fn large_paste(&mut self, ui: &Ui) -> bool {
        let mut large = None;
        ui.input_mut(|input| {
            input.events.retain_mut(|event| match event {
                Event::Paste(text) if text.len() > SHOWN => {
                    large = Some(std::mem::take(text));
                    false
                }
                _ => true,
            });
        });
        let Some(text) = large else { return false };
        self.text = Arc::new(text);
        true
    }

    fn start_look(&mut self, state: &State, lang: Lang) {
        self.look.iter().for_each(Job::cancel);
        (self.look, self.head, self.reading.error) = (None, None, None);
        if self.text.trim().is_empty() {
            return;
        }
        let (text, name) = (self.text.clone(), lang.t("source.pasted_name"));
        self.look = Some(state.start(move |_| {
            let cut = text.char_indices().nth(LOOKED_AT).map_or(text.len(), |(at, _)| at);
            let mut head = text.get(..cut).unwrap_or(&text);
            if cut < text.len() {
                // The last line may be cut.
                head = head.rsplit_once('\n').map_or(head, |(whole, _)| whole);
            }
            collect::from_text(&name, head, &ReadOptions::default())
        }));
    }

    fn read(&mut self, state: &State, lang: Lang) {
        let (text, name) = (self.text.clone(), lang.t("source.pasted_name"));
        self.reading.sources.clear();
        self.reading.error = None;
        self.reading.job = Some(state.start(move |_| {
            Ok(Collected::single(collect::from_text(&name, &text, &ReadOptions::default())?))
        }));
    }
}
