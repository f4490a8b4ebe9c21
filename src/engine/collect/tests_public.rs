//! Public files, read without a hand on the settings: rows, columns, and what matters of them.

use std::path::Path;

use super::{ReadOptions, open};
use crate::job::Reporter;
use crate::table::{Role, ValueType};

/// File, rows, columns, encoding, warnings of the file, and columns with their role and type.
type Case = (
    &'static str,
    usize,
    usize,
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, Role, ValueType)],
);

use Role::{Category, Contact, Id, Ignore, Money, Number, Target};
use ValueType::{Boolean, Date, Integer, Text};

#[rustfmt::skip]
const CASES: [Case; 28] = [
    ("telco-churn/Telco-Customer-Churn.csv", 7043, 21, "UTF-8", &[], &[
        ("customerID", Id, Text), ("SeniorCitizen", Category, Boolean), ("tenure", Number, Integer),
        ("MonthlyCharges", Money, ValueType::Number), ("TotalCharges", Money, ValueType::Number),
        ("Contract", Category, Text), ("Churn", Target, Boolean),
    ]),
    ("bank-marketing/bank-additional.csv", 4119, 21, "UTF-8", &[], &[
        ("age", Number, Integer), ("emp.var.rate", Number, ValueType::Number),
        ("euribor3m", Number, ValueType::Number), ("job", Category, Text), ("y", Target, Boolean),
    ]),
    ("online-shoppers/online_shoppers_intention.csv", 12_330, 18, "UTF-8", &[], &[
        ("ProductRelated_Duration", Number, ValueType::Number), ("Month", Category, Text),
        ("Weekend", Category, Boolean), ("Revenue", Target, Boolean),
    ]),
    ("customer-personality/marketing_campaign.csv", 2240, 29, "UTF-8", &[], &[
        ("ID", Id, Text), ("Dt_Customer", Role::Date, Date), ("Income", Money, Integer),
        ("Year_Birth", Number, Integer), ("Complain", Category, Boolean), ("Z_Revenue", Ignore, Text),
        ("Response", Target, Boolean),
    ]),
    ("cdnow/CDNOW_master.txt", 69_659, 4, "UTF-8", &[], &[
        ("customer_id", Id, Text), ("date", Role::Date, Date), ("number_of_cds", Number, Integer),
        ("dollar_value", Money, ValueType::Number),
    ]),
    ("cdnow/CDNOW_sample.txt", 6919, 5, "UTF-8", &[], &[
        ("column 1", Category, Text), ("column 2", Category, Text), ("column 3", Role::Date, Date),
        ("column 4", Number, Integer), ("column 5", Number, ValueType::Number),
    ]),
    ("cdnow/cdnow_customers_summary.csv", 2357, 4, "UTF-8", &[], &[
        ("ID", Id, Text), ("frequency", Number, Integer), ("T", Number, ValueType::Number),
    ]),
    ("cdnow/cdnow_customers_summary_with_transactions.csv", 2357, 5, "UTF-8", &[], &[
        ("ID", Id, Text), ("zbar", Number, ValueType::Number),
    ]),
    ("cdnow/example_transactions.csv", 15_273, 2, "UTF-8", &[], &[("date", Role::Date, Date), ("id", Id, Text)]),
    ("tmall-orders/tmall_order_report.csv", 28_010, 7, "UTF-8", &[], &[
        ("订单编号", Id, Text), ("总金额", Money, ValueType::Number), ("收货地址", Category, Text),
        ("订单创建时间", Role::Date, Date), ("订单付款时间", Role::Date, Date),
    ]),
    ("chinese-restaurant-orders/meal_order_info.csv", 945, 13, "UTF-8", &[], &[
        ("info_id", Id, Text), ("number_consumers", Number, Integer), ("use_start_time", Role::Date, Date),
        ("lock_time", Role::Date, Date), ("org_id", Category, Text), ("phone", Contact, Text),
    ]),
    ("chinese-restaurant-orders/meal_order_detail.csv", 10_037, 19, "UTF-8", &[], &[
        ("detail_id", Id, Text), ("order_id", Id, Text), ("dishes_name", Category, Text),
        ("place_order_time", Role::Date, Date), ("amounts", Number, Integer), ("bar_code", Ignore, Text),
    ]),
    ("mall-customers/Mall_Customers.csv", 200, 5, "UTF-8", &[], &[
        ("customer_id", Id, Text), ("age", Number, Integer), ("gender", Category, Text),
    ]),
    ("wholesale/Wholesale customers data.csv", 440, 8, "windows-1252", &["notes_beside"], &[
        ("Channel", Number, Integer), ("Delicassen", Number, Integer),
    ]),
    ("chinese-reviews/waimai_10k.csv", 11_987, 2, "UTF-8", &[], &[
        ("label", Target, Boolean), ("review", Role::Text, Text),
    ]),
    ("chinese-reviews/ChnSentiCorp_htl_all.csv", 7766, 2, "UTF-8", &[], &[
        ("label", Target, Boolean), ("review", Role::Text, Text),
    ]),
    ("english-reviews/sentiment-labelled-sentences/amazon_cells_labelled.txt", 1000, 2, "UTF-8", &["titles_above"], &[
        ("column 1", Role::Text, Text), ("column 2", Category, Boolean),
    ]),
    ("english-reviews/sentiment-labelled-sentences/imdb_labelled.txt", 1000, 2, "UTF-8", &["quotes_are_data"], &[
        ("column 1", Role::Text, Text), ("column 2", Category, Boolean),
    ]),
    ("english-reviews/sentiment-labelled-sentences/yelp_labelled.txt", 1000, 2, "UTF-8", &["titles_above"], &[
        ("column 1", Role::Text, Text), ("column 2", Category, Boolean),
    ]),
    ("english-reviews/Womens Clothing E-Commerce Reviews (first part).csv", 1000, 11, "UTF-8", &["unnamed_columns"], &[
        ("column 1", Id, Text), ("Clothing ID", Id, Text), ("Age", Number, Integer),
        ("Review Text", Role::Text, Text), ("Recommended IND", Category, Boolean),
    ]),
    ("movielens-100k-recbole/ml-100k.inter", 100_000, 4, "UTF-8", &[], &[
        ("user_id:token", Id, Text), ("rating:float", Number, Integer), ("timestamp:float", Number, Integer),
    ]),
    ("movielens-100k-recbole/ml-100k.item", 1682, 4, "UTF-8", &[], &[
        ("item_id:token", Id, Text), ("movie_title:token_seq", Role::Text, Text),
    ]),
    ("movielens-100k-recbole/ml-100k.user", 943, 5, "UTF-8", &[], &[
        ("user_id:token", Id, Text), ("age:token", Number, Integer), ("zip_code:token", Category, Text),
    ]),
    ("yoochoose-sample/yoochoose-clicks-100k_test.txt", 13_568, 3, "UTF-8", &[], &[
        ("SessionId", Id, Text), ("ItemId", Id, Text), ("Time", Role::Date, Date),
    ]),
    ("yoochoose-sample/yoochoose-clicks-100k_train_full.txt", 70_278, 3, "UTF-8", &[], &[
        ("SessionId", Id, Text), ("ItemId", Id, Text), ("Time", Role::Date, Date),
    ]),
    ("derived-encodings/tmall_first_5000_gbk.csv", 5000, 7, "gb18030", &[], &[
        ("订单编号", Id, Text), ("订单创建时间", Role::Date, Date), ("退款金额", Money, ValueType::Number),
    ]),
    ("derived-encodings/tmall_first_2000_utf16le.txt", 2000, 7, "UTF-16LE", &[], &[
        ("订单编号", Id, Text), ("订单付款时间", Role::Date, Date), ("总金额", Money, ValueType::Number),
    ]),
    ("derived-encodings/bank_churn_2000_semicolon_decimal_comma_cp1252.csv", 2000, 14, "windows-1252", &[], &[
        ("Kundennummer", Id, Text), ("Zeile", Id, Text), ("Guthaben €", Money, ValueType::Number),
        ("Alter", Number, Integer), ("Kreditkarte", Category, Boolean), ("Gekündigt", Target, Boolean),
    ]),
];

#[test]
fn public_files_without_a_hand_on_the_settings() {
    let Some(root) = std::env::var_os("REGULARS_DATA") else {
        println!("skipped: REGULARS_DATA is not set");
        return;
    };
    for (file, rows, columns, encoding, warnings, wanted) in CASES {
        let table = open(&Path::new(&root).join(file), &ReadOptions::default(), &Reporter::silent()).unwrap();
        assert_eq!((table.height(), table.rejected_count), (rows, 0), "{file}");
        assert_eq!(table.columns.len(), columns, "{file}");
        assert_eq!(table.source.encoding, encoding, "{file}");
        let codes: Vec<&str> = table.warnings.iter().map(|note| note.code).collect();
        assert_eq!(codes, warnings, "{file}");
        for (name, role, kind) in wanted {
            let column = &table.columns[table.position(name).unwrap_or_else(|| panic!("{file}: {name}"))];
            assert_eq!((column.role, column.value_type), (*role, *kind), "{file}: {name} {:?}", column.why);
            assert!(column.bad == 0, "{file}: {name}");
        }
    }
}
