//! How easily a person sticks out of a table that others may see. k-anonymity (L. Sweeney, 2002,
//! Int. J. Uncertainty, Fuzziness and Knowledge-Based Systems 10(5)): every row shares its
//! quasi-identifiers with at least k − 1 others. Distinct l-diversity (A. Machanavajjhala et al.,
//! 2007, ACM TKDD 1(1)): every such class holds at least l different values of what is sensitive.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::detect::contact::address;
use crate::detect::words;

/// Size below which a class is small, as statistical offices commonly ask for.
pub const SMALL: usize = 5;
/// Rows that are shown.
const SHOWN: usize = 20;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Risk {
    pub rows: usize,
    /// Columns that together may point to a person.
    pub quasi_identifiers: Vec<String>,
    pub sensitive: Option<String>,
    /// Size of the smallest class.
    pub k: usize,
    /// Rows in classes of fewer than [`SMALL`].
    pub rows_below: usize,
    /// Fewest different sensitive values in a class; `None` without a sensitive column.
    pub l: Option<usize>,
    /// Classes of rows with equal quasi-identifiers.
    pub classes: usize,
    /// Rows that stick out most, smallest class first; at most 20.
    pub smallest: Vec<Outlier>,
}

/// A row in a small class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlier {
    /// The row's place in what was assessed, from 0; in [`super::Masked`] its record number.
    pub row: usize,
    /// Rows that look like it, itself counted.
    pub alike: usize,
    /// Its quasi-identifiers, in the order of [`Risk::quasi_identifiers`].
    pub values: Vec<String>,
}

/// A class while it grows.
#[derive(Default)]
struct Class {
    size: usize,
    first_rows: Vec<usize>,
    sensitive: BTreeSet<String>,
}

/// An assessment to which rows are added one by one, as they are written.
pub struct Assessment {
    quasi: Vec<(usize, String)>,
    sensitive: Option<(usize, String)>,
    classes: BTreeMap<Vec<String>, Class>,
    rows: usize,
}

impl Assessment {
    /// Of rows whose columns are called `names`; columns that are not among them are left aside.
    pub fn new(names: &[String], quasi: &[String], sensitive: Option<&str>) -> Self {
        let place = |name: &str| names.iter().position(|other| other == name).map(|at| (at, name.to_owned()));
        Self {
            quasi: quasi.iter().filter_map(|name| place(name)).collect(),
            sensitive: sensitive.and_then(place),
            classes: BTreeMap::new(),
            rows: 0,
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &[String]) {
        let cell = |at: usize| row.get(at).map_or("", |text| text.trim()).to_owned();
        let class = self.classes.entry(self.quasi.iter().map(|(at, _)| cell(*at)).collect()).or_default();
        class.size += 1;
        if class.first_rows.len() < SMALL {
            class.first_rows.push(self.rows);
        }
        if let Some((at, _)) = &self.sensitive {
            class.sensitive.insert(cell(*at));
        }
        self.rows += 1;
    }

    /// The result; `None` without rows or without quasi-identifiers, where there is nothing to tell.
    pub fn finish(self) -> Option<Risk> {
        if self.quasi.is_empty() {
            return None;
        }
        let k = self.classes.values().map(|class| class.size).min()?;
        let small = |class: &&Class| class.size < SMALL;
        let mut smallest: Vec<Outlier> = self
            .classes
            .iter()
            .filter(|(_, class)| small(class))
            .flat_map(|(values, class)| {
                class.first_rows.iter().map(|row| Outlier {
                    row: *row,
                    alike: class.size,
                    values: values.clone(),
                })
            })
            .collect();
        smallest.sort_by_key(|outlier| (outlier.alike, outlier.row));
        smallest.truncate(SHOWN);
        Some(Risk {
            rows: self.rows,
            k,
            rows_below: self.classes.values().filter(small).map(|class| class.size).sum(),
            l: self.sensitive.as_ref().and_then(|_| self.classes.values().map(|c| c.sensitive.len()).min()),
            classes: self.classes.len(),
            smallest,
            quasi_identifiers: self.quasi.into_iter().map(|(_, name)| name).collect(),
            sensitive: self.sensitive.map(|(_, name)| name),
        })
    }
}

/// Assesses rows whose columns are called `names`, as [`Assessment`] does.
pub fn assess<'a>(
    names: &[String],
    rows: impl Iterator<Item = &'a [String]>,
    quasi: &[String],
    sensitive: Option<&str>,
) -> Option<Risk> {
    let mut assessment = Assessment::new(names, quasi, sensitive);
    rows.for_each(|row| assessment.add(row));
    assessment.finish()
}

/// A name of a column that, together with others, may point to a person: age, birth, sex, place,
/// work, schooling, family.
pub fn is_quasi_name(name: &str) -> bool {
    name.trim() == "省"
        || address::is_postcode_name(name)
        || is_birth_name(name)
        || is_age_name(name)
        || words::named(
            name,
            &[
                "sex",
                "gender",
                "city",
                "town",
                "county",
                "district",
                "province",
                "state",
                "region",
                "country",
                "geography",
                "nationality",
                "job",
                "occupation",
                "profession",
                "education",
                "marital",
                "ethnicity",
                "race",
                "religion",
                "household",
                "children",
                "geschlecht",
                "stadt",
                "wohnort",
                "beruf",
                "sexe",
                "ville",
                "sexo",
                "ciudad",
            ],
            &[
                "性别",
                "城市",
                "省份",
                "省市",
                "所在省",
                "地区",
                "区县",
                "国籍",
                "民族",
                "职业",
                "学历",
                "教育",
                "婚姻",
                "年级",
                "收货地址",
            ],
        )
}

/// A name of a column that holds dates or years of birth.
pub fn is_birth_name(name: &str) -> bool {
    words::named(
        name,
        &["birth", "birthday", "birthdate", "dob", "born", "geburtsdatum"],
        &["出生", "生日", "birth_"],
    )
}

/// A name of a column that holds ages.
pub fn is_age_name(name: &str) -> bool {
    words::named(name, &["age", "alter", "edad"], &["年龄"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Vec<Vec<String>> {
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    fn names(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    /// The inpatient table of Machanavajjhala et al. (2007), figure 2: 4-anonymous; its third class has
    /// one condition only.
    const INPATIENTS: &str = "130**,<30,Heart\n130**,<30,Heart\n130**,<30,Viral\n130**,<30,Viral\n\
        1485*,≥40,Cancer\n1485*,≥40,Heart\n1485*,≥40,Viral\n1485*,≥40,Viral\n\
        130**,3*,Cancer\n130**,3*,Cancer\n130**,3*,Cancer\n130**,3*,Cancer";

    #[test]
    fn the_published_table_is_4_anonymous_and_1_diverse() {
        let rows = table(INPATIENTS);
        let names = names("zip,age,condition");
        let quasi = [String::from("zip"), String::from("age")];
        let risk = assess(&names, rows.iter().map(Vec::as_slice), &quasi, Some("condition")).unwrap();
        assert_eq!((risk.rows, risk.k, risk.classes, risk.l), (12, 4, 3, Some(1)));
        assert_eq!(risk.rows_below, 12, "every class has four rows, one short of five");
    }

    #[test]
    fn the_row_that_sticks_out_is_shown() {
        let rows = table("f,1\nf,2\nf,1\nf,1\nf,3\nm,1\nf,1");
        let risk = assess(&names("sex,x"), rows.iter().map(Vec::as_slice), &[String::from("sex")], Some("x"))
            .unwrap();
        assert_eq!((risk.k, risk.rows_below, risk.l), (1, 1, Some(1)));
        assert_eq!(risk.smallest, [Outlier { row: 5, alike: 1, values: vec!["m".into()] }]);
    }

    #[test]
    fn nothing_to_tell() {
        let rows = table("a,b");
        assert_eq!(assess(&names("x,y"), rows.iter().map(Vec::as_slice), &[], None), None);
        assert_eq!(assess(&names("x,y"), rows.iter().map(Vec::as_slice), &["z".into()], None), None);
        assert_eq!(assess(&names("x"), std::iter::empty(), &["x".into()], None), None);
    }

    #[test]
    fn quasi_identifiers_by_name() {
        for name in ["Age", "gender", "Zip Code", "Year_Birth", "city", "性别", "收货地址 ", "Marital_Status"]
        {
            assert!(is_quasi_name(name), "{name}");
        }
        for name in ["average", "message", "package", "price", "节省金额", "订单编号"] {
            assert!(!is_quasi_name(name), "{name}");
        }
        assert!(is_birth_name("Year_Birth") && is_age_name("客户年龄") && !is_age_name("stage"));
    }
}
