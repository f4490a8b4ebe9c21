//! An experiment with those who would want a product, in the place of the call list.

use std::collections::HashSet;
use std::sync::Arc;

use regulars_engine::Error;
use regulars_engine::experiment::{Arm, Candidate, DrawSpec, Drawing, Experiment, Files, Measured, draw};
use regulars_engine::project::{self, Campaign, Pool};

use super::name_of;
use crate::window::state::State;
use crate::window::state::recommend::{Found, campaign_grid};
use crate::words::Lang;

/// Who would want a product.
pub struct Audience {
    pub product: String,
    pub campaign: Arc<Campaign>,
    pub found: Arc<Found>,
}

impl Audience {
    /// Whom an experiment is drawn from.
    pub(super) fn pool(&self) -> Pool {
        let of = &self.campaign;
        let candidate = |id: &str| Candidate { id: id.to_owned(), ..Candidate::default() };
        Pool {
            candidates: of.lines.iter().map(|line| candidate(&line.id)).collect(),
            places: (0..of.lines.len()).collect(),
            withheld: of.withheld + of.without_consent,
            nameless: 0,
        }
    }
}

impl State {
    /// Those who would want a product stand in the place of the call list; `None` for the list again.
    pub fn set_audience(&mut self, audience: Option<Audience>) {
        let uptake = audience.as_ref().and_then(|audience| audience.campaign.uptake);
        if let Some((share, _)) = uptake {
            // What they would take without an offer, as the test saw it.
            self.experiments.plan.measured = Measured::Share { base: share.value };
        }
        self.experiments.audience = audience.map(Arc::new);
        self.touch();
    }

    /// Those who stand in the place of the call list.
    pub fn audience(&self) -> Option<&Arc<Audience>> {
        self.experiments.audience.as_ref()
    }

    /// Draws from an audience, and writes the three files.
    pub(super) fn draw_from_audience(&mut self, lang: Lang, files: Files, audience: Arc<Audience>) {
        let plan = self.experiments.plan.clone().sane();
        // Nothing is known by which they could be parted.
        let spec = DrawSpec { left_alone: plan.left_alone, ..self.experiments.draw.clone() };
        let source = self.table.as_ref().map(|table| table.source.clone());
        self.experiments.drawing = Some(self.start(move |report| {
            let drawn = draw(&spec, &audience.pool().candidates)?;
            report.check()?;
            let drawing = Drawing {
                spec,
                file: source.as_ref().map(|of| regulars_engine::files::name_of(&of.file)).unwrap_or_default(),
                hash: source.map(|of| of.hash).unwrap_or_default(),
                score_is_risk: false,
                value: None,
                column: None,
            };
            let of = Experiment::new(&name_of(&files), plan, drawing, drawn);
            let called: HashSet<&str> = of.of(Arm::Called).map(|member| member.id.as_str()).collect();
            let is_called = |line: &project::CampaignLine| called.contains(line.id.as_str());
            let to_call = campaign_grid(lang, &audience.found, &audience.campaign, &is_called);
            let header = [lang.t("customers.id"), lang.t("customers.risk")];
            let alone = project::experiment_ids(&of, Arm::LeftAlone, header);
            project::write_experiment(&files, &of, &to_call, &alone)?;
            Ok::<_, Error>((of, files.experiment))
        }));
    }
}
