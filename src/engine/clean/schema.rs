//! What columns there are after the steps: a recipe may add, drop and rename some.

use super::expr;
use super::{CleanError, Recipe, StepSpec, derive, select};
use crate::table::ColumnSpec;

impl StepSpec {
    /// The schema after this step.
    ///
    /// # Errors
    /// A formula or a name that does not suit the schema before it.
    pub(super) fn schema_after(&self, schema: &[ColumnSpec]) -> Result<Vec<ColumnSpec>, CleanError> {
        match self {
            Self::Derive(spec) => derive::schema_after(spec, schema),
            Self::Select(spec) => select::schema_after(spec, schema),
            _ => Ok(schema.to_vec()),
        }
    }
}

impl Recipe {
    /// The schema after the whole recipe: what features, profiles and segments are made from.
    ///
    /// # Errors
    /// A formula or a name that does not suit the schema.
    pub fn schema_after(&self, schema: &[ColumnSpec]) -> Result<Vec<ColumnSpec>, CleanError> {
        let mut on = self.steps.iter().filter(|step| step.on);
        on.try_fold(schema.to_vec(), |schema, step| step.spec.schema_after(&schema))
    }

    /// The columns after the recipe, each with the columns of `schema` that it is made from.
    ///
    /// # Errors
    /// As [`schema_after`](Self::schema_after).
    pub fn origins(&self, schema: &[ColumnSpec]) -> Result<Vec<(String, Vec<String>)>, CleanError> {
        let mut out: Vec<(String, Vec<String>)> =
            schema.iter().map(|spec| (spec.name.clone(), vec![spec.name.clone()])).collect();
        for step in self.steps.iter().filter(|step| step.on) {
            match &step.spec {
                StepSpec::Derive(spec) => {
                    for new in &spec.columns {
                        let wrong = |cause| CleanError::formula(&new.formula, cause);
                        let expr = expr::parse(&new.formula).map_err(wrong)?;
                        let mut from: Vec<String> = Vec::new();
                        for name in expr.columns() {
                            let of = out.iter().find(|(column, _)| column == name);
                            from.extend(of.into_iter().flat_map(|(_, from)| from.iter().cloned()));
                        }
                        from.sort_unstable();
                        from.dedup();
                        out.push((new.name.clone(), from));
                    }
                }
                StepSpec::Select(spec) => {
                    out.retain(|(name, _)| !spec.drop.contains(name));
                    for (old, new) in &spec.rename {
                        if let Some((name, _)) = out.iter_mut().find(|(name, _)| name == old) {
                            name.clone_from(new);
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::spec;
    use super::super::{DeriveSpec, Derived, SelectSpec, Step};
    use super::*;
    use crate::table::Role;

    #[test]
    fn a_schema_is_followed_through_the_steps() {
        let schema = [spec("a", Role::Number), spec("b", Role::Number), spec("c", Role::Id)];
        let new = |name: &str, formula: &str| Derived { name: name.into(), formula: formula.into() };
        let specs = [
            StepSpec::Derive(DeriveSpec { columns: vec![new("sum", "b + a + a"), new("twice", "sum * 2")] }),
            StepSpec::Select(SelectSpec {
                drop: vec!["a".into()],
                rename: vec![("twice".into(), "a".into())],
            }),
            StepSpec::Derive(DeriveSpec { columns: vec![new("last", "a - 1")] }),
        ];
        let mut recipe = Recipe { steps: specs.into_iter().map(|spec| Step { spec, on: true }).collect() };
        let names: Vec<String> =
            recipe.schema_after(&schema).unwrap().into_iter().map(|spec| spec.name).collect();
        assert_eq!(names, ["b", "c", "sum", "a", "last"]);
        let origins = recipe.origins(&schema).unwrap();
        assert_eq!(
            origins.iter().map(|(name, _)| name).collect::<Vec<_>>(),
            names.iter().collect::<Vec<_>>()
        );
        assert_eq!(origins[4], ("last".to_owned(), vec!["a".to_owned(), "b".to_owned()]));
        // A step that is off changes nothing, and its names are missed.
        recipe.steps[0].on = false;
        assert_eq!(recipe.schema_after(&schema).unwrap_err().kind(), "no_column");
    }
}
