//! Sources and settings → a table → prepared rows → a trained, evaluated model → segments, a ranked list and a
//! model to take away. Every face calls these functions and no others. The journey itself is [`run()`]; whoever
//! reads its file has read the product. What stands beside it is asked of what it hands on.

mod addresses;
mod asked;
mod call_list;
mod card;
mod card_slices;
mod classes;
mod cleaned;
mod compare;
#[cfg(test)]
mod compare_tests;
mod cross;
mod customer_card;
mod customer_map;
mod error;
mod experiment;
mod explained;
mod feature_sheet;
mod federated;
mod feedback;
mod figures;
#[cfg(test)]
mod figures_tests;
mod forget;
mod forget_also;
mod gate;
mod groups;
#[cfg(test)]
mod groups_tests;
mod hand_on;
mod heard;
mod histories;
mod inspection;
mod joined;
mod labels;
mod leak_trap;
mod learning_curve;
mod left_out;
mod lock;
mod membership;
mod migrate;
mod money;
mod month;
#[cfg(test)]
mod nets_tests;
mod prepare;
mod prepared;
mod private;
mod pushed;
#[cfg(test)]
mod pushed_tests;
mod race;
mod recipe_file;
mod recommend;
mod recovery;
mod refit;
mod repair;
#[cfg(test)]
mod reshaped;
mod run;
mod run_folder;
mod sampling;
mod saved;
mod search;
#[cfg(test)]
mod search_tests;
mod settings;
mod settings_diff;
mod slices;
mod small;
#[cfg(test)]
mod small_tests;
mod source;
mod sources;
#[cfg(test)]
mod sources_tests;
#[cfg(test)]
mod spark_tests;
#[cfg(test)]
pub(crate) mod testing;
mod theatre;
mod time_machine;
#[cfg(test)]
mod time_tests;
mod told;
mod track;
mod two_columns;
mod uplift;
mod value;
mod watch;
#[cfg(test)]
mod watch_tests;
#[cfg(test)]
mod with_encodings;
#[cfg(test)]
mod with_text;

use cleaned::clean_and_fit;
use prepared::{pick, places};

pub use addresses::{TalksFor, TalksTo, addresses, installed_notices};
pub use asked::{Asked, could_ask, open_for};
pub use call_list::{CallList, CallListSpec, Contacts, Line, Origin, why};
pub use card::card;
pub use classes::{ClassProfile, Classified, Group, Known, Person, RfmSource, Shop, classify, profile_of};
pub use cleaned::{clean_only, suggest, take_up};
pub use compare::{compare, compare_by};
pub use cross::{Cross, CrossSpec};
pub use customer_card::{
    Alike, CardSpec, CustomerCard, alike_customers, changeable, customer_card, nearest_change,
    such_customers, what_if, what_if_asked, what_if_choices, what_if_ground,
};
pub use customer_map::{
    COLOURED, ColourBy, Colours, CustomerMap, Level, colours, customer_map, profile, write_map,
};
pub use error::ProjectError;
pub use experiment::{
    Experiments, Pool, StrataBy, experiment_ids, experiment_pool, experiment_pool_of_project,
    experiment_pool_of_table, experiment_rows, write_experiment,
};
pub use explained::{
    dependence_of, dependence_of_bundle, explain_bundle, explain_overall, explain_row, explain_scored,
};
pub use feature_sheet::{feature_detail, feature_sheet};
pub use federated::{Own, Server, branch, join_server, simulate_branches};
pub use feedback::{HeardColumns, comments_of, could_hear, feedback_of};
pub use figures::{Judged, Measurement, PastDay, judge, measure, measure_files};
pub use forget::{Forgotten, forget, holds, take_out};
pub use forget_also::{AlsoForgotten, forget_in_file};
pub use gate::{Gate, challenge, judge_challenger, roll_back};
pub use groups::{
    GroupBeside, GroupRows, Grouped, group, group_columns, group_trust, month_drift, segment, segment_table,
    segment_without_target,
};
pub use hand_on::{Listed, score_to};
pub use heard::{Choices, feedback_choices, feedback_grid};
pub use histories::{thin_histories, thin_history};
pub use inspection::{Inspection, inspect, looks_like_events};
pub use joined::joined_bundle;
pub use labels::Labels;
pub use leak_trap::{Bait, Culprit, Sprung, leak_trap};
pub use learning_curve::learning_curve;
pub use lock::{Lockable, relock};
pub use membership::membership;
pub use money::{Gains, call_book, gains, worths};
pub use month::{Month, next_month};
pub use prepare::prepare;
pub use prepared::{Outcome, Prepared};
pub use pushed::{WorkedOut, collect_pushed, open_pushed, pushed_sql};
pub use race::race_track;
pub use recipe_file::RecipeFile;
pub use recommend::{
    Campaign, CampaignLine, CampaignSpec, Lists, NewCampaign, Offered, Recommended, interactions, recommend,
    recommend_of,
};
pub use recovery::{Recovered, Recovery};
pub use refit::{refit_bundle, refit_for, refit_of, refitted};
pub use repair::repaired;
pub use run::{Journey, bundle, learn, learn_at, learn_kept, rank, run};
pub use run_folder::{
    RECORD, RunDevice, RunFolder, RunRecord, Versions, check_place, curves_csv, metrics_of,
};
pub use sampling::{SAMPLE_FROM, could_sample, drawn};
pub use saved::{SavedModel, SavedProject, SavedRun, SavedSource};
pub use search::{Searched, find_rate, search};
pub use settings::Settings;
pub use settings_diff::{SettingDiff, settings_diff};
pub use slices::{Slices, slices};
pub use small::{
    SmallRow, SmallTable, find_smaller, full_of_bundle, model_bytes, settings_of, table_of, take_smaller,
};
pub use source::{Found, find_source};
pub use sources::{Collected, FileOptions, Secrets, Source, assemble, collect, collect_sources, is_unused};
pub use theatre::{Told as TheatreTold, theatre};
pub use time_machine::{AsOf, Past, Scorer, Seen, as_of};
pub use told::{TOLD, ToldRows, open_told};
pub use track::{Looked, Track};
pub use two_columns::{ComparedAs, TwoColumns, two_columns};
pub use uplift::{Turned, UpliftAsk, UpliftFound, treatment_values, uplift};
pub use value::{Valued, could_value, value_of};
pub use watch::{Pass, STREAMED_FROM, WatchEvent, Watcher, drift_of_files, score_export, watch_drift};
