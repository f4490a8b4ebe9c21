//! Which columns tell who a customer is: by their names, and where names are silent by their values.

use super::{Field, FieldKind};
use crate::detect::{missing, words};
use crate::table::{ColumnSpec, Frame, Role};

/// Values that are looked at.
const SAMPLE: usize = 500;

/// The fields to compare, surnames before first names. Identifiers are left out: a customer who is
/// in the file twice has two of them.
pub fn guess_fields(schema: &[ColumnSpec], frame: &Frame) -> Vec<Field> {
    let mut fields: Vec<Field> = schema
        .iter()
        .filter(|spec| !matches!(spec.role, Role::Id | Role::Target | Role::Money | Role::Ignore))
        .filter_map(|spec| {
            let kind = by_values(frame, &spec.name).or_else(|| by_name(&spec.name))?;
            Some(Field { column: spec.name.clone(), kind, weight: None })
        })
        .collect();
    // A town without a street tells as little as any other category.
    let street = fields.iter().any(|field| field.kind == FieldKind::Address && !is_town(&field.column));
    fields.retain(|field| street || field.kind != FieldKind::Address);
    // A Chinese name in two columns reads surname first.
    fields.sort_by_key(|field| !(field.kind == FieldKind::Name && is_surname(&field.column)));
    fields
}

fn by_values(frame: &Frame, column: &str) -> Option<FieldKind> {
    let text = frame.text(column)?;
    let said: Vec<&str> =
        text.iter().flatten().filter(|value| !missing::is_missing(value)).take(SAMPLE).collect();
    let mostly = |is: fn(&str) -> bool| {
        let count = said.iter().filter(|value| is(value)).count();
        count * 10 >= said.len() * 6 && count > 0
    };
    mostly(words::is_email).then_some(FieldKind::Email)
}

fn is_town(name: &str) -> bool {
    words::named(name, &["city", "town", "ort", "stadt", "village"], &["城市", "市区"])
}

fn is_surname(name: &str) -> bool {
    words::named(
        name,
        &["surname", "lastname", "familyname", "nachname"],
        &["last name", "last_name", "family name", "姓氏"],
    ) || name.trim() == "姓"
}

fn by_name(name: &str) -> Option<FieldKind> {
    let of = |whole: &[&str], parts: &[&str]| words::named(name, whole, parts);
    let thing = of(
        &[
            "product", "item", "file", "user", "username", "store", "shop", "campaign", "category", "brand",
            "ip", "segment", "country", "region", "state", "plan", "group",
        ],
        &["商品", "产品", "店铺", "门店", "用户名", "类别"],
    );
    match () {
        () if of(&["email", "mail"], &["e-mail", "邮箱", "邮件"]) => Some(FieldKind::Email),
        () if of(&["zip", "zipcode", "postcode", "postal", "postalcode", "plz"], &["邮编", "邮政编码"]) => {
            Some(FieldKind::Postcode)
        }
        () if of(
            &["phone", "telephone", "tel", "mobile", "cellphone", "handy", "telefon", "phonenumber"],
            &["电话", "手机"],
        ) =>
        {
            Some(FieldKind::Phone)
        }
        () if of(&["birth", "birthday", "birthdate", "dob", "born", "geburtsdatum"], &["生日", "出生"]) => {
            Some(FieldKind::Date)
        }
        () if thing => None,
        () if of(
            &["address", "addr", "street", "strasse", "straße", "anschrift"],
            &["地址", "街道", "住址"],
        ) =>
        {
            Some(FieldKind::Address)
        }
        () if is_town(name) => Some(FieldKind::Address),
        () if of(
            &["company", "organisation", "organization", "employer", "firm", "firma"],
            &["公司", "单位名称", "企业"],
        ) =>
        {
            Some(FieldKind::Company)
        }
        () if is_surname(name) || matches!(name.trim(), "名" | "名字") => Some(FieldKind::Name),
        () if of(
            &["name", "firstname", "forename", "fullname", "givenname", "vorname", "customername"],
            &["姓名", "联系人", "客户名称"],
        ) =>
        {
            Some(FieldKind::Name)
        }
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::ValueType;

    #[test]
    fn columns_by_name_and_value() {
        let named = [
            ("Customer ID", Role::Id, None),
            ("First Name", Role::Contact, Some(FieldKind::Name)),
            ("Surname", Role::Category, Some(FieldKind::Name)),
            ("Product name", Role::Category, None),
            ("Company Name", Role::Text, Some(FieldKind::Company)),
            ("how to write", Role::Text, Some(FieldKind::Email)),
            ("手机号", Role::Contact, Some(FieldKind::Phone)),
            ("ZIP", Role::Category, Some(FieldKind::Postcode)),
            ("Street", Role::Text, Some(FieldKind::Address)),
            ("City", Role::Category, Some(FieldKind::Address)),
            ("Date of birth", Role::Date, Some(FieldKind::Date)),
            ("Last order", Role::Date, None),
            ("Churn", Role::Target, None),
        ];
        let spec = |name: &str, role| ColumnSpec {
            name: name.into(),
            role,
            value_type: ValueType::Text,
            decimal: Default::default(),
            date_order: Default::default(),
            keep_na: false,
        };
        let schema: Vec<ColumnSpec> = named.iter().map(|(name, role, _)| spec(name, *role)).collect();
        let frame = super::super::tests::frame(&[("how to write", &["ada@web.de", "", "bob@web.de"])]);
        let fields = guess_fields(&schema, &frame);
        for (name, _, wanted) in named {
            let found = fields.iter().find(|field| field.column == name).map(|field| field.kind);
            assert_eq!(found, wanted, "{name}");
        }
        assert_eq!(fields[0].column, "Surname");
        let towns = guess_fields(&schema[9..10], &frame);
        assert_eq!(towns, []);
    }
}
