//! The proof: every file of the public data (`INDEX.md` there), read without a hand on the settings,
//! gives the tables, rows, types and missing values that its owner would count. With `--nocapture`
//! a table of what was read is printed.

use std::path::{Path, PathBuf};

use regulars_engine::collect::{self, ReadOptions};
use regulars_engine::job::Reporter;
use regulars_engine::table::{Role, Table, ValueType};

use Role::{Category, Contact, Id, Ignore, Money, Number, Target};
use ValueType::{Boolean, Integer, Text};

/// Name, type, role, missing values.
type Column = (&'static str, ValueType, Role, u64);
/// Name, rows, number of columns, and the columns that matter.
type Sheet = (&'static str, usize, usize, &'static [Column]);

struct Case {
    file: &'static str,
    /// The table that is opened if nobody chooses, or the error.
    best: Result<&'static str, &'static str>,
    tables: &'static [Sheet],
}

const fn read(file: &'static str, best: &'static str, tables: &'static [Sheet]) -> Case {
    Case { file, best: Ok(best), tables }
}

const fn refused(file: &'static str, kind: &'static str) -> Case {
    Case { file, best: Err(kind), tables: &[] }
}

#[rustfmt::skip]
const CASES: [Case; 52] = [
    // “unknown” is a value of its own until a person says that it is none (job 39, marital 11 …).
    read("bank-marketing/bank-additional.csv", "bank-additional", &[
        ("bank-additional", 4119, 21, &[
            ("age", Integer, Number, 0), ("job", Text, Category, 0), ("marital", Text, Category, 0),
            ("education", Text, Category, 0), ("default", Text, Category, 0), ("housing", Text, Category, 0),
            ("loan", Text, Category, 0), ("pdays", Integer, Number, 0),
            ("euribor3m", ValueType::Number, Number, 0), ("y", Boolean, Target, 0),
        ]),
    ]),
    read("cdnow/CDNOW_master.txt", "CDNOW_master", &[
        ("CDNOW_master", 69659, 4, &[
            ("customer_id", Text, Id, 0), ("date", ValueType::Date, Role::Date, 0),
            ("number_of_cds", Integer, Number, 0), ("dollar_value", ValueType::Number, Money, 0),
        ]),
    ]),
    // No header: columns are named by position until a person names them.
    read("cdnow/CDNOW_sample.txt", "CDNOW_sample", &[
        ("CDNOW_sample", 6919, 5, &[
            ("column 1", Text, Category, 0), ("column 2", Text, Category, 0),
            ("column 3", ValueType::Date, Role::Date, 0), ("column 4", Integer, Number, 0),
        ]),
    ]),
    read("cdnow/cdnow_customers_summary.csv", "cdnow_customers_summary", &[
        ("cdnow_customers_summary", 2357, 4, &[
            ("ID", Text, Id, 0), ("frequency", Integer, Number, 0), ("recency", ValueType::Number, Number, 0),
            ("T", ValueType::Number, Number, 0),
        ]),
    ]),
    read("cdnow/cdnow_customers_summary_with_transactions.csv", "cdnow_customers_summary_with_transactions", &[
        ("cdnow_customers_summary_with_transactions", 2357, 5, &[
            ("ID", Text, Id, 0), ("x", Integer, Number, 0), ("t_x", ValueType::Number, Number, 0),
            ("T", ValueType::Number, Number, 0),
        ]),
    ]),
    read("cdnow/example_transactions.csv", "example_transactions", &[
        ("example_transactions", 15273, 2, &[
            ("date", ValueType::Date, Role::Date, 0), ("id", Text, Id, 0),
        ]),
    ]),
    read("chinese-restaurant-orders/meal_order_detail.csv", "meal_order_detail", &[
        ("meal_order_detail", 10037, 19, &[
            ("detail_id", Text, Id, 0), ("order_id", Text, Id, 0), ("dishes_id", Text, Id, 0),
            ("logicprn_name", Text, Ignore, 10037), ("parent_class_name", Text, Ignore, 10037),
            ("cost", Text, Ignore, 10037), ("place_order_time", ValueType::Date, Role::Date, 0),
            ("discount_amt", Text, Ignore, 10037), ("discount_reason", Text, Ignore, 10037),
            ("kick_back", Text, Ignore, 10037), ("add_info", Text, Ignore, 10037),
            ("bar_code", Text, Ignore, 10037),
        ]),
    ]),
    read("chinese-restaurant-orders/meal_order_info.csv", "meal_order_info", &[
        ("meal_order_info", 945, 13, &[
            ("info_id", Text, Id, 0), ("emp_id", Text, Id, 0), ("dining_table_id", Text, Id, 0),
            ("use_start_time", ValueType::Date, Role::Date, 0), ("lock_time", ValueType::Date, Role::Date, 9),
            ("phone", Text, Contact, 0),
        ]),
    ]),
    // 7,765 usable: one review is blank.
    read("chinese-reviews/ChnSentiCorp_htl_all.csv", "ChnSentiCorp_htl_all", &[
        ("ChnSentiCorp_htl_all", 7766, 2, &[
            ("label", Boolean, Target, 0), ("review", Text, Role::Text, 1),
        ]),
    ]),
    read("chinese-reviews/waimai_10k.csv", "waimai_10k", &[
        ("waimai_10k", 11987, 2, &[
            ("label", Boolean, Target, 0), ("review", Text, Role::Text, 0),
        ]),
    ]),
    read("customer-personality/marketing_campaign.csv", "marketing_campaign", &[
        ("marketing_campaign", 2240, 29, &[
            ("ID", Text, Id, 0), ("Year_Birth", Integer, Number, 0), ("Marital_Status", Text, Category, 0),
            ("Income", Integer, Money, 24), ("Dt_Customer", ValueType::Date, Role::Date, 0),
            ("Z_CostContact", Text, Ignore, 0), ("Z_Revenue", Text, Ignore, 0),
            ("Response", Boolean, Target, 0),
        ]),
    ]),
    read("derived-encodings/bank_churn_2000_semicolon_decimal_comma_cp1252.csv", "bank_churn_2000_semicolon_decimal_comma_cp1252", &[
        ("bank_churn_2000_semicolon_decimal_comma_cp1252", 2000, 14, &[
            ("Zeile", Text, Id, 0), ("Kundennummer", Text, Id, 0), ("Name", Text, Contact, 0),
            ("Guthaben €", ValueType::Number, Money, 0), ("Jahresgehalt €", ValueType::Number, Money, 0),
            ("Gekündigt", Boolean, Target, 0),
        ]),
    ]),
    // A title, an empty row, merged group names, names; a row of totals below is left out.
    read("derived-encodings/ecommerce_500_merged_two_row_header.xlsx", "Export", &[
        ("Export", 500, 20, &[
            ("CustomerID", Text, Id, 0), ("Churn", Boolean, Target, 0), ("Tenure", Integer, Number, 49),
            ("HourSpendOnApp", Integer, Number, 44), ("WarehouseToHome", Integer, Number, 42),
            ("OrderAmountHikeFromlastYear", Integer, Number, 14), ("CouponUsed", Integer, Number, 29),
            ("OrderCount", Integer, Number, 18), ("DaySinceLastOrder", Integer, Number, 18),
            ("CashbackAmount", ValueType::Number, Money, 0),
        ]),
    ]),
    read("derived-encodings/tmall_first_2000_utf16le.txt", "tmall_first_2000_utf16le", &[
        ("tmall_first_2000_utf16le", 2000, 7, &[
            ("订单编号", Text, Id, 0), ("总金额", ValueType::Number, Money, 0),
            ("买家实际支付金额", ValueType::Number, Money, 0), ("订单创建时间", ValueType::Date, Role::Date, 0),
            ("订单付款时间", ValueType::Date, Role::Date, 313), ("退款金额", ValueType::Number, Money, 0),
        ]),
    ]),
    read("derived-encodings/tmall_first_5000_gbk.csv", "tmall_first_5000_gbk", &[
        ("tmall_first_5000_gbk", 5000, 7, &[
            ("订单编号", Text, Id, 0), ("总金额", ValueType::Number, Money, 0),
            ("买家实际支付金额", ValueType::Number, Money, 0), ("订单创建时间", ValueType::Date, Role::Date, 0),
            ("订单付款时间", ValueType::Date, Role::Date, 731), ("退款金额", ValueType::Number, Money, 0),
        ]),
    ]),
    // The first sheet is the dictionary (22 x 4 with an empty row and column): the data is the best part.
    read("ecommerce-churn-xlsx/E Commerce Dataset.xlsx", "E Comm", &[
        ("Data Dict", 20, 3, &[
            ("Data", Text, Ignore, 0), ("Variable", Text, Role::Text, 0), ("Discerption", Text, Role::Text, 0),
        ]),
        ("E Comm", 5630, 20, &[
            ("CustomerID", Text, Id, 0), ("Churn", Boolean, Target, 0), ("Tenure", Integer, Number, 264),
            ("WarehouseToHome", Integer, Number, 251), ("HourSpendOnApp", Integer, Number, 255),
            ("OrderAmountHikeFromlastYear", Integer, Number, 265), ("CouponUsed", Integer, Number, 256),
            ("OrderCount", Integer, Number, 258), ("DaySinceLastOrder", Integer, Number, 307),
            ("CashbackAmount", ValueType::Number, Money, 0),
        ]),
    ]),
    read("english-reviews/Womens Clothing E-Commerce Reviews (first part).csv", "Womens Clothing E-Commerce Reviews (first part)", &[
        ("Womens Clothing E-Commerce Reviews (first part)", 1000, 11, &[
            ("column 1", Text, Id, 0), ("Clothing ID", Text, Id, 0), ("Title", Text, Role::Text, 190),
            ("Review Text", Text, Role::Text, 42),
        ]),
    ]),
    read("english-reviews/sentiment-labelled-sentences/amazon_cells_labelled.txt", "amazon_cells_labelled", &[
        ("amazon_cells_labelled", 1000, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Boolean, Category, 0),
        ]),
    ]),
    read("english-reviews/sentiment-labelled-sentences/imdb_labelled.txt", "imdb_labelled", &[
        ("imdb_labelled", 1000, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Boolean, Category, 0),
        ]),
    ]),
    read("english-reviews/sentiment-labelled-sentences/yelp_labelled.txt", "yelp_labelled", &[
        ("yelp_labelled", 1000, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Boolean, Category, 0),
        ]),
    ]),
    // Hidden sheets are read only when a person asks for one by name; below.
    read("excel-edge-cases/any_sheets.xlsx", "Visible", &[
        ("Visible", 3, 2, &[
            ("column 1", Integer, Number, 0), ("column 2", Integer, Number, 0),
        ]),
    ]),
    read("excel-edge-cases/column_row_ranges.xlsx", "Column ranges", &[
        ("Column ranges", 5, 3, &[
            ("column 1", Text, Ignore, 0), ("column 2", Text, Ignore, 0), ("column 3", Text, Ignore, 0),
        ]),
        ("Row ranges", 3, 5, &[
            ("column 1", Text, Ignore, 0), ("column 2", Text, Ignore, 0), ("column 3", Text, Ignore, 0),
            ("column 4", Text, Ignore, 0),
        ]),
    ]),
    read("excel-edge-cases/date.xls", "Sheet1", &[
        ("Sheet1", 3, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Integer, Number, 0),
        ]),
    ]),
    read("excel-edge-cases/date.xlsx", "Sheet1", &[
        ("Sheet1", 3, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Integer, Number, 0),
        ]),
    ]),
    read("excel-edge-cases/date_1904.xlsx", "Sheet1", &[
        ("Sheet1", 3, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Integer, Number, 0),
        ]),
    ]),
    // No cells.
    refused("excel-edge-cases/empty_sheet.xlsx", "empty_file"),
    read("excel-edge-cases/errors.xlsx", "Feuil1", &[
        ("Feuil1", 7, 1, &[
            ("column 1", Text, Ignore, 7),
        ]),
    ]),
    read("excel-edge-cases/has_x000D_.xlsx", "Sheet1", &[
        ("Sheet1", 1, 1, &[
            ("column 1", Text, Ignore, 0),
        ]),
    ]),
    read("excel-edge-cases/header-row.xlsx", "Sheet1", &[
        ("Sheet1", 1, 4, &[
            ("Columns", Text, Ignore, 0), ("Column A", Text, Ignore, 0), ("Column B", Text, Ignore, 0),
            ("Column C", Text, Ignore, 0),
        ]),
    ]),
    read("excel-edge-cases/inventory-table.xlsx", "Sheet1", &[
        ("Sheet1", 4, 3, &[
            ("Item", Text, Id, 0), ("Type", Text, Role::Text, 0), ("Quantity", Integer, Number, 0),
        ]),
    ]),
    read("excel-edge-cases/malformed_format.xls", "2014", &[
        ("2014", 3, 1, &[
            ("Festività calendario", Text, Role::Text, 0),
        ]),
    ]),
    read("excel-edge-cases/merge_cells.xlsx", "Sheet1", &[
        ("Sheet1", 2, 3, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Text, Ignore, 1), ("column 3", Text, Ignore, 1),
        ]),
    ]),
    read("excel-edge-cases/merged_range.xlsx", "Sheet1", &[
        ("Sheet1", 2, 7, &[
            ("A1", Text, Role::Text, 0), ("B1", Text, Role::Text, 0), ("C1", Text, Role::Text, 0),
            ("E1", Text, Role::Text, 0),
        ]),
        ("Sheet2", 2, 5, &[
            ("A1", Text, Ignore, 2), ("B1", Text, Role::Text, 0), ("C1", Text, Ignore, 1),
            ("F1", Text, Ignore, 2),
        ]),
    ]),
    read("excel-edge-cases/no-header.xlsx", "Feuille 1", &[
        ("Feuille 1", 2, 2, &[
            ("column 1", Text, Role::Text, 0), ("column 2", Boolean, Category, 0),
        ]),
    ]),
    // Encrypted: a person must open it and save it without the password.
    refused("excel-edge-cases/pass_protected.xlsx", "encrypted"),
    read("json-nested/ravelin_customers.jsonl", "ravelin_customers", &[
        ("ravelin_customers", 168, 8, &[
            ("row", Text, Id, 0), ("customer.customerEmail", Text, Contact, 0),
            ("customer.customerPhone", Text, Contact, 0), ("customer.customerDevice", Text, Id, 0),
            ("customer.customerIPAddress", Text, Contact, 0),
            ("customer.customerBillingAddress", Text, Contact, 0),
            ("customer.loggedAt", ValueType::Date, Role::Date, 0),
        ]),
        ("orders", 478, 6, &[
            ("ravelin_customers row", Text, Id, 0), ("orderId", Text, Id, 0),
            ("orderAmount", Integer, Money, 0), ("orderShippingAddress", Text, Contact, 0),
            ("loggedAt", ValueType::Date, Role::Date, 0),
        ]),
        ("paymentMethods", 342, 7, &[
            ("ravelin_customers row", Text, Id, 0), ("paymentMethodId", Text, Id, 0),
            ("paymentMethodIssuer", Text, Category, 2), ("loggedAt", ValueType::Date, Role::Date, 0),
        ]),
        ("transactions", 623, 7, &[
            ("ravelin_customers row", Text, Id, 0), ("transactionId", Text, Id, 0), ("orderId", Text, Id, 0),
            ("paymentMethodId", Text, Id, 0), ("transactionAmount", Integer, Money, 0),
            ("loggedAt", ValueType::Date, Role::Date, 0),
        ]),
    ]),
    read("json-nested/shopify_checkouts.json", "checkouts", &[
        ("checkouts", 1, 82, &[
            ("gateway", Text, Ignore, 1), ("note", Text, Ignore, 1), ("completed_at", Text, Ignore, 1),
            ("closed_at", Text, Ignore, 1),
        ]),
        ("checkouts.shipping_lines", 1, 15, &[
            ("phone", Text, Ignore, 1), ("delivery_category", Text, Ignore, 1),
            ("carrier_identifier", Text, Ignore, 1), ("carrier_service_id", Text, Ignore, 1),
        ]),
        ("checkouts.line_items", 2, 21, &[
            ("row", Text, Id, 0), ("compare_at_price", Text, Ignore, 2), ("line_price", Integer, Money, 0),
            ("price", Integer, Money, 0),
        ]),
        ("checkouts.line_items.tax_lines", 2, 8, &[
            ("checkouts.line_items row", Text, Id, 0), ("price", ValueType::Number, Money, 0),
            ("title", Text, Ignore, 0), ("rate", Text, Ignore, 0),
        ]),
        ("checkouts.tax_lines", 1, 4, &[
            ("checkouts id", Text, Ignore, 0), ("title", Text, Ignore, 0), ("price", Text, Ignore, 0),
            ("rate", Text, Ignore, 0),
        ]),
    ]),
    read("json-nested/shopify_customer_orders.json", "orders", &[
        ("orders", 1, 126, &[
            ("closed_at", Text, Ignore, 1), ("note", Text, Ignore, 1), ("cancelled_at", Text, Ignore, 1),
            ("cancel_reason", Text, Ignore, 1),
        ]),
        ("orders.discount_codes", 1, 4, &[
            ("orders id", Text, Ignore, 0), ("code", Text, Ignore, 0), ("amount", Text, Ignore, 0),
            ("type", Text, Ignore, 0),
        ]),
        ("orders.note_attributes", 2, 3, &[
            ("orders id", Text, Ignore, 0), ("name", Text, Contact, 0), ("value", Text, Role::Text, 0),
        ]),
        ("orders.tax_lines", 1, 4, &[
            ("orders id", Text, Ignore, 0), ("title", Text, Ignore, 0), ("price", Text, Ignore, 0),
            ("rate", Text, Ignore, 0),
        ]),
        ("orders.line_items", 3, 21, &[
            ("id", Text, Id, 0), ("variant_id", Text, Id, 0), ("sku", Text, Id, 0), ("vendor", Text, Ignore, 3),
        ]),
        ("orders.line_items.properties", 2, 3, &[
            ("orders.line_items id", Text, Ignore, 0), ("name", Text, Contact, 0),
            ("value", Text, Role::Text, 0),
        ]),
        ("orders.line_items.tax_lines", 3, 4, &[
            ("orders.line_items id", Text, Id, 0), ("title", Text, Ignore, 0), ("price", Text, Ignore, 0),
            ("rate", Text, Ignore, 0),
        ]),
        ("orders.shipping_lines", 1, 11, &[
            ("phone", Text, Ignore, 1), ("requested_fulfillment_service_id", Text, Ignore, 1),
            ("delivery_category", Text, Ignore, 1), ("carrier_identifier", Text, Ignore, 1),
        ]),
        ("orders.fulfillments", 1, 16, &[
            ("orders id", Text, Ignore, 0), ("id", Text, Ignore, 0), ("tracking_company", Text, Ignore, 1),
            ("shipment_status", Text, Ignore, 1),
        ]),
        ("orders.fulfillments.line_items", 1, 21, &[
            ("orders.fulfillments id", Text, Ignore, 0), ("id", Text, Ignore, 0), ("vendor", Text, Ignore, 1),
            ("fulfillment_status", Text, Ignore, 1),
        ]),
        ("orders.fulfillments.line_items.properties", 2, 3, &[
            ("orders.fulfillments.line_items id", Text, Ignore, 0), ("name", Text, Contact, 0),
            ("value", Text, Role::Text, 0),
        ]),
        ("orders.fulfillments.line_items.tax_lines", 1, 4, &[
            ("orders.fulfillments.line_items id", Text, Ignore, 0), ("title", Text, Ignore, 0),
            ("price", Text, Ignore, 0), ("rate", Text, Ignore, 0),
        ]),
        ("orders.refunds", 1, 8, &[
            ("orders id", Text, Ignore, 0), ("id", Text, Ignore, 0), ("order_id", Text, Ignore, 0),
            ("created_at", Text, Ignore, 0),
        ]),
        ("orders.refunds.refund_line_items", 2, 28, &[
            ("id", Text, Id, 0), ("line_item_id", Text, Id, 0), ("restock_type", Text, Ignore, 2),
            ("line_item.id", Text, Id, 0),
        ]),
        ("orders.refunds.refund_line_items.line_item.tax_lines", 2, 4, &[
            ("orders.refunds.refund_line_items id", Text, Id, 0), ("title", Text, Ignore, 0),
            ("price", Text, Ignore, 0), ("rate", Text, Ignore, 0),
        ]),
        ("orders.refunds.refund_line_items.line_item.properties", 2, 3, &[
            ("orders.refunds.refund_line_items id", Text, Ignore, 0), ("name", Text, Contact, 0),
            ("value", Text, Role::Text, 0),
        ]),
        ("orders.refunds.transactions", 1, 19, &[
            ("message", Text, Ignore, 1), ("location_id", Text, Ignore, 1), ("user_id", Text, Ignore, 1),
            ("device_id", Text, Ignore, 1),
        ]),
    ]),
    read("json-nested/shopify_customers.json", "customers", &[
        ("customers", 2, 35, &[
            ("id", Text, Id, 0), ("email", Text, Contact, 0), ("created_at", ValueType::Date, Role::Date, 0),
            ("updated_at", ValueType::Date, Role::Date, 0), ("first_name", Text, Contact, 0),
            ("last_name", Text, Contact, 0), ("last_order_id", Text, Ignore, 1), ("note", Text, Ignore, 2),
            ("multipass_identifier", Text, Ignore, 2), ("phone", Text, Ignore, 1), ("tags", Text, Ignore, 2),
            ("last_order_name", Text, Ignore, 1),
        ]),
        ("customers.addresses", 2, 18, &[
            ("customers id", Text, Id, 0), ("id", Text, Id, 0), ("customer_id", Text, Id, 0),
            ("first_name", Text, Ignore, 1), ("last_name", Text, Ignore, 1), ("company", Text, Ignore, 2),
            ("address1", Text, Contact, 0), ("address2", Text, Ignore, 2), ("phone", Text, Contact, 0),
            ("name", Text, Ignore, 1), ("country_name", Text, Contact, 0),
        ]),
    ]),
    read("mall-customers/Mall_Customers.csv", "Mall_Customers", &[
        ("Mall_Customers", 200, 5, &[
            ("customer_id", Text, Id, 0), ("gender", Text, Category, 0),
            ("annual_income_thousands", Integer, Money, 0), ("spending_score", Integer, Number, 0),
        ]),
    ]),
    read("movielens-100k-recbole/ml-100k.inter", "ml-100k", &[
        ("ml-100k", 100000, 4, &[
            ("user_id:token", Text, Id, 0), ("item_id:token", Text, Id, 0),
            ("rating:float", Integer, Number, 0), ("timestamp:float", Integer, Number, 0),
        ]),
    ]),
    read("movielens-100k-recbole/ml-100k.item", "ml-100k", &[
        ("ml-100k", 1682, 4, &[
            ("item_id:token", Text, Id, 0), ("movie_title:token_seq", Text, Role::Text, 0),
            ("release_year:token", ValueType::Number, Number, 0), ("class:token_seq", Text, Role::Text, 0),
        ]),
    ]),
    read("movielens-100k-recbole/ml-100k.user", "ml-100k", &[
        ("ml-100k", 943, 5, &[
            ("user_id:token", Text, Id, 0), ("age:token", Integer, Number, 0),
            ("gender:token", Text, Category, 0), ("occupation:token", Text, Category, 9),
        ]),
    ]),
    // 2,928 descriptions are blank as INDEX.md says; 45 more hold a mark for “nothing”.
    read("online-retail-ii/online_retail_2009_2010.parquet", "online_retail_2009_2010", &[
        ("online_retail_2009_2010", 525461, 8, &[
            ("Invoice", Text, Id, 0), ("StockCode", Text, Role::Text, 0),
            ("Description", Text, Role::Text, 2973), ("Quantity", Integer, Number, 0),
            ("InvoiceDate", ValueType::Date, Role::Date, 0), ("Price", ValueType::Number, Money, 0),
            ("Customer ID", Text, Id, 107927), ("Country", Text, Category, 0),
        ]),
    ]),
    // 1,454 descriptions are blank as INDEX.md says, and 47 more are “?”.
    read("online-retail/online_retail_rebuilt.csv.gz", "online_retail_rebuilt", &[
        ("online_retail_rebuilt", 541909, 8, &[
            ("InvoiceNo", Text, Id, 0), ("StockCode", Text, Role::Text, 0),
            ("Description", Text, Role::Text, 1501), ("Quantity", Integer, Number, 0),
            ("InvoiceDate", ValueType::Date, Role::Date, 0), ("UnitPrice", ValueType::Number, Money, 0),
            ("CustomerID", Text, Id, 135080), ("Country", Text, Category, 0),
        ]),
    ]),
    read("online-shoppers/online_shoppers_intention.csv", "online_shoppers_intention", &[
        ("online_shoppers_intention", 12330, 18, &[
            ("Administrative", Integer, Number, 14), ("Administrative_Duration", ValueType::Number, Number, 14),
            ("Informational", Integer, Number, 14), ("Informational_Duration", ValueType::Number, Number, 14),
            ("ProductRelated", Integer, Number, 14), ("ProductRelated_Duration", ValueType::Number, Number, 14),
            ("BounceRates", ValueType::Number, Number, 14), ("ExitRates", ValueType::Number, Number, 14),
            ("Revenue", Boolean, Target, 0),
        ]),
    ]),
    // The first sheet holds one cell of text; INDEX.md counts its empty cells (4 x 3).
    read("superstore-xls/superstore_sales_data.xls", "superstore_sales_data", &[
        ("problems", 1, 1, &[
            ("column 1", Text, Ignore, 0),
        ]),
        ("superstore_sales_data", 8399, 21, &[
            ("rowId", Text, Id, 0), ("orderId", Text, Id, 0), ("orderDate", ValueType::Date, Role::Date, 0),
            ("sales", ValueType::Number, Money, 0), ("unitPrice", ValueType::Number, Money, 0),
            ("shippingCost", ValueType::Number, Money, 0), ("customerName", Text, Contact, 0),
            ("productBaseMargin", ValueType::Number, Number, 63), ("shipDate", ValueType::Date, Role::Date, 0),
        ]),
    ]),
    read("telco-churn/Telco-Customer-Churn.csv", "Telco-Customer-Churn", &[
        ("Telco-Customer-Churn", 7043, 21, &[
            ("customerID", Text, Id, 0), ("SeniorCitizen", Boolean, Category, 0),
            ("tenure", Integer, Number, 0), ("Contract", Text, Category, 0),
            ("MonthlyCharges", ValueType::Number, Money, 0), ("TotalCharges", ValueType::Number, Money, 11),
            ("Churn", Boolean, Target, 0),
        ]),
    ]),
    read("tmall-orders/tmall_order_report.csv", "tmall_order_report", &[
        ("tmall_order_report", 28010, 7, &[
            ("订单编号", Text, Id, 0), ("总金额", ValueType::Number, Money, 0),
            ("买家实际支付金额", ValueType::Number, Money, 0), ("收货地址", Text, Category, 0),
            ("订单创建时间", ValueType::Date, Role::Date, 0), ("订单付款时间", ValueType::Date, Role::Date, 3923),
            ("退款金额", ValueType::Number, Money, 0),
        ]),
    ]),
    // Of twelve header cells four are empty: notes beside the table, left out.
    read("wholesale/Wholesale customers data.csv", "Wholesale customers data", &[
        ("Wholesale customers data", 440, 8, &[
            ("Channel", Integer, Number, 0), ("Region", Integer, Number, 0), ("Fresh", Integer, Number, 0),
            ("Milk", Integer, Number, 0),
        ]),
    ]),
    read("yoochoose-sample/yoochoose-clicks-100k_test.txt", "yoochoose-clicks-100k_test", &[
        ("yoochoose-clicks-100k_test", 13568, 3, &[
            ("SessionId", Text, Id, 0), ("ItemId", Text, Id, 0), ("Time", ValueType::Date, Role::Date, 0),
        ]),
    ]),
    read("yoochoose-sample/yoochoose-clicks-100k_train_full.txt", "yoochoose-clicks-100k_train_full", &[
        ("yoochoose-clicks-100k_train_full", 70278, 3, &[
            ("SessionId", Text, Id, 0), ("ItemId", Text, Id, 0), ("Time", ValueType::Date, Role::Date, 0),
        ]),
    ]),
];

fn root() -> Option<PathBuf> {
    let root = std::env::var_os("REGULARS_DATA").filter(|value| !value.is_empty()).map(PathBuf::from);
    if root.is_none() {
        println!("skipped: REGULARS_DATA is not set");
    }
    root
}

fn tables(path: &Path, options: &ReadOptions) -> Result<Vec<Table>, String> {
    collect::tables(path, options, &Reporter::silent()).map_err(|error| error.kind().to_owned())
}

/// What differs from the case, a line each.
fn differences(case: &Case, found: &Result<Vec<Table>, String>) -> Vec<String> {
    let mut out = Vec::new();
    let mut tell = |place: &str, found: String, wanted: String| {
        if found != wanted {
            out.push(format!("{}: {place} is {found}, not {wanted}", case.file));
        }
    };
    let found = match (found, case.best) {
        (Ok(found), Ok(_)) => found,
        (found, best) => {
            let found = found.as_ref().map(|_| "read".to_owned());
            tell("the file", format!("{found:?}"), format!("{best:?}"));
            return out;
        }
    };
    let shape = |name: &str, rows: usize, width: usize| format!("{name} {rows} x {width}");
    let have: Vec<_> = found.iter().map(|t| shape(&t.name, t.height(), t.columns.len())).collect();
    let want: Vec<_> = case.tables.iter().map(|(name, rows, width, _)| shape(name, *rows, *width)).collect();
    tell("the list of tables", have.join(", "), want.join(", "));
    for (table, (name, _, _, columns)) in found.iter().zip(case.tables) {
        for (column, kind, role, missing) in *columns {
            let have = table.columns.iter().find(|c| c.name == *column);
            let have = have.map(|c| (c.value_type, c.role, c.missing));
            tell(
                &format!("{name}.{column}"),
                format!("{have:?}"),
                format!("{:?}", Some((kind, role, missing))),
            );
        }
    }
    out
}

fn print(case: &Case, found: &Result<Vec<Table>, String>) {
    match found {
        Err(kind) => println!("{:<74} {kind}", case.file),
        Ok(found) => {
            for table in found {
                let name = format!("{} / {}", case.file, table.name);
                let missing: u64 = table.columns.iter().map(|column| column.missing).sum();
                let (rows, width, left) = (table.height(), table.columns.len(), table.rejected_count);
                println!("{name:<74} {rows:>7} x {width:<3} {missing:>7} missing {left:>3} left out");
            }
        }
    }
}

#[test]
fn every_public_file_is_read_as_its_owner_would_count_it() {
    let Some(root) = root() else { return };
    let mut wrong = Vec::new();
    for case in &CASES {
        let found = tables(&root.join(case.file), &ReadOptions::default());
        print(case, &found);
        wrong.extend(differences(case, &found));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_best_table_is_opened_where_nobody_chooses() {
    let Some(root) = root() else { return };
    for case in CASES.iter().filter(|case| case.tables.len() > 1) {
        let table = collect::open(&root.join(case.file), &ReadOptions::default(), &Reporter::silent());
        assert_eq!(table.map(|table| table.name).ok().as_deref(), case.best.ok(), "{}", case.file);
    }
}

#[test]
fn what_a_person_must_choose_is_read_so() {
    let Some(root) = root() else { return };
    // A hidden sheet is there for those who ask; this one has no cells.
    let hidden = ReadOptions { part: Some("Hidden".into()), ..ReadOptions::default() };
    let sheets = tables(&root.join("excel-edge-cases/any_sheets.xlsx"), &hidden);
    assert_eq!(sheets.map(|sheets| sheets.len()), Err("empty_file".to_owned()));
    // The last three columns of the sample are a day, pieces and dollars; the first two are numbers
    // of a customer, which nothing in the file says.
    let ids = ["column 1", "column 2"].map(|name| (name.to_owned(), Id)).to_vec();
    let told = ReadOptions { roles: ids, ..ReadOptions::default() };
    let sample = tables(&root.join("cdnow/CDNOW_sample.txt"), &told).unwrap();
    let customers = &sample[0].columns[1];
    assert_eq!((customers.role, customers.distinct), (Id, 2357));
}

#[test]
fn no_file_of_the_index_is_left_out() {
    let Some(root) = root() else { return };
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_none_or(|end| end != "md") {
                let listed = CASES.iter().any(|case| root.join(case.file) == path);
                assert!(listed, "{} is in no case", path.display());
            }
        }
    }
}
