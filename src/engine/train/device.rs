//! Where tensors live: `wgpu` (a graphics adapter) or `flex` (the processor). burn keeps its own
//! wgpu device, apart from the window's. A missing adapter is a reason, never a crash.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};

use super::TrainError;

/// What the person asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceKind {
    Wgpu,
    #[default]
    Auto,
    Flex,
}

impl DeviceKind {
    /// wgpu first: it is what a machine with a graphics card should use.
    pub const ALL: [DeviceKind; 3] = [DeviceKind::Wgpu, DeviceKind::Auto, DeviceKind::Flex];

    /// The name used on the command line, in JSON and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wgpu => "wgpu",
            Self::Auto => "auto",
            Self::Flex => "flex",
        }
    }
}

/// What ran, and why (a key of the catalogue under `device.`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeviceChoice {
    pub ran: DeviceKind,
    pub why: &'static str,
    /// The adapter's name, where there is one.
    pub adapter: Option<String>,
    /// Measured milliseconds per step on wgpu and flex, where `Auto` measured.
    pub measured: Option<(f64, f64)>,
}

impl DeviceChoice {
    pub(super) fn plain(ran: DeviceKind) -> Self {
        Self { ran, why: "forced", adapter: None, measured: None }
    }
}

/// The graphics adapter that burn opened.
#[derive(Debug, Clone, PartialEq)]
pub struct Adapter {
    pub name: String,
    /// The adapter computes on the processor (Mesa's llvmpipe, for example).
    pub software: bool,
}

static WGPU: OnceLock<Result<(Device, Adapter), String>> = OnceLock::new();

/// Opens burn's wgpu device once per process.
fn wgpu() -> &'static Result<(Device, Adapter), String> {
    WGPU.get_or_init(|| {
        let opened = catch_unwind(AssertUnwindSafe(|| Device::wgpu_options().init_with_setup()));
        match opened {
            Ok(Ok((device, setup))) => {
                let info = setup.adapter.get_info();
                let software = info.device_type == burn::tensor::wgpu::wgpu::DeviceType::Cpu;
                Ok((device, Adapter { name: info.name, software }))
            }
            Ok(Err(cause)) => Err(cause.to_string()),
            Err(_) => Err("the graphics driver failed while it was opened".to_owned()),
        }
    })
}

/// The graphics adapter, or why there is none.
pub fn adapter() -> Result<Adapter, String> {
    wgpu().as_ref().map(|(_, adapter)| adapter.clone()).map_err(Clone::clone)
}

/// Opens a device; `Auto` opens flex, since only training measures.
///
/// # Errors
/// wgpu was asked for and there is no adapter.
pub(crate) fn open(kind: DeviceKind) -> Result<Device, TrainError> {
    match kind {
        DeviceKind::Flex | DeviceKind::Auto => Ok(Device::flex()),
        DeviceKind::Wgpu => match wgpu() {
            Ok((device, _)) => Ok(device.clone()),
            Err(cause) => Err(TrainError::Device { cause: cause.clone() }),
        },
    }
}

/// Decides where to train. `step` runs a few training steps on a device and returns the
/// milliseconds of one; it is called only when `Auto` meets a real graphics card.
pub(crate) fn choose(
    kind: DeviceKind,
    step: impl Fn(&Device) -> f64,
) -> Result<(Device, DeviceChoice), TrainError> {
    let choice = |ran, why, adapter| DeviceChoice { ran, why, adapter, measured: None };
    match (kind, wgpu()) {
        (DeviceKind::Flex, _) => Ok((Device::flex(), choice(DeviceKind::Flex, "forced", None))),
        (DeviceKind::Wgpu, Ok((device, adapter))) => {
            let why = if adapter.software { "forced_software" } else { "forced" };
            Ok((device.clone(), choice(DeviceKind::Wgpu, why, Some(adapter.name.clone()))))
        }
        (DeviceKind::Wgpu, Err(cause)) => Err(TrainError::Device { cause: cause.clone() }),
        (DeviceKind::Auto, Err(_)) => Ok((Device::flex(), choice(DeviceKind::Flex, "no_adapter", None))),
        (DeviceKind::Auto, Ok((_, adapter))) if adapter.software => {
            let name = Some(adapter.name.clone());
            Ok((Device::flex(), choice(DeviceKind::Flex, "software_adapter", name)))
        }
        (DeviceKind::Auto, Ok((device, adapter))) => {
            let (on_wgpu, on_flex) = (step(device), step(&Device::flex()));
            let faster = on_wgpu < on_flex;
            let ran = if faster { DeviceKind::Wgpu } else { DeviceKind::Flex };
            let device = if faster { device.clone() } else { Device::flex() };
            let mut choice = choice(ran, "measured", Some(adapter.name.clone()));
            choice.measured = Some((on_wgpu, on_flex));
            Ok((device, choice))
        }
    }
}
