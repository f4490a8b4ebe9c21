//! Flags of every command that learns.

use clap::Args;
use regulars_engine::features::TextUse;
use regulars_engine::project::Settings;
use regulars_engine::table::Role;
use regulars_engine::train::DeviceKind;

use super::parse_device;

#[derive(Args)]
pub(super) struct Learning {
    /// The column to predict (default: guessed from its name)
    #[arg(long, value_name = "COLUMN")]
    pub(super) target: Option<String>,
    /// The value of the target that counts (default: yes, true, 1, or the rarer one)
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// auto, wgpu or flex
    #[arg(long, default_value = "auto", value_parser = parse_device)]
    device: DeviceKind,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Most epochs to train a network
    #[arg(long)]
    epochs: Option<usize>,
    /// Words of free text that become columns, those that go most with the target first (0: text is left
    /// out)
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=2000))]
    text_terms: u16,
}

impl Learning {
    /// The settings with what the flags say.
    pub(super) fn apply(&self, settings: &mut Settings) {
        if let Some(target) = &self.target {
            settings.read.roles.push((target.clone(), Role::Target));
        }
        settings.positive.clone_from(&self.positive);
        settings.device = self.device;
        settings.seed = self.seed;
        if let Some(epochs) = self.epochs {
            settings.mlp.epochs = epochs.max(1);
            settings.net.fit.epochs = epochs.max(1);
        }
        settings.features.text = TextUse::terms(usize::from(self.text_terms));
    }
}
