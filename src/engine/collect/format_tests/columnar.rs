//! Parquet and Arrow.

use polars::prelude::*;

use super::{Case, Reads, Refused, case, gz};

fn frame() -> DataFrame {
    df!(
        "id" => [9007199254740993i64, 2, 3],
        "customer" => [Some(13085.0), None, Some(7.0)],
        "price" => [1.1, 2.5, 0.1],
        "vip" => [Some(true), None, Some(false)],
        "city" => ["北京", "Genève", ""],
    )
    .unwrap()
}

const FRAME: &str =
    "id,customer,price,vip,city|9007199254740993,13085,1.1,true,北京|2,,2.5,,Genève|3,7,0.1,false,";

fn parquet(mut frame: DataFrame) -> Vec<u8> {
    let mut out = Vec::new();
    ParquetWriter::new(&mut out).with_row_group_size(Some(2)).finish(&mut frame).unwrap();
    out
}

fn ipc(mut frame: DataFrame) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    IpcWriter::new(&mut out).finish(&mut frame).unwrap();
    out.into_inner()
}

/// The stream within an IPC file: its messages without mark and footer.
fn ipc_stream(frame: DataFrame) -> Vec<u8> {
    let file = ipc(frame);
    let tail = file.len() - 10;
    let footer = u32::from_le_bytes(file[tail..tail + 4].try_into().unwrap()) as usize;
    file[8..tail - footer].to_vec()
}

pub(super) fn columnar_cases() -> Vec<Case> {
    let moments = df!("at" => [1_709_649_000_000i64, 0]).unwrap().lazy();
    let zoned =
        DataType::Datetime(TimeUnit::Milliseconds, TimeZone::opt_try_new(Some("Asia/Shanghai")).unwrap());
    let typed = moments
        .with_columns([
            col("at").cast(DataType::Date).alias("none"),
            col("at").cast(DataType::Datetime(TimeUnit::Milliseconds, None)).alias("plain"),
            col("at").cast(zoned).alias("zoned"),
            lit("x").cast(DataType::from_categories(Categories::global())).alias("kind"),
        ])
        .select([col("plain"), col("zoned"), col("kind")])
        .collect()
        .unwrap();
    vec![
        case("Parquet", "a.parquet", parquet(frame()), Reads("", FRAME)),
        case("Parquet called csv", "a.csv", parquet(frame()), Reads("", FRAME)),
        case("Parquet in gzip", "a.parquet.gz", gz(&parquet(frame())), Reads("", FRAME)),
        case("Parquet without rows", "a.parquet", parquet(frame().head(Some(0))), Refused("no_rows")),
        case(
            "Parquet cut off",
            "a.parquet",
            {
                let all = parquet(frame());
                all[..all.len() - 40].to_vec()
            },
            Refused("malformed"),
        ),
        case(
            "Parquet of nonsense",
            "a.parquet",
            [b"PAR1".as_slice(), &[7; 300], b"PAR1"].concat(),
            Refused("malformed"),
        ),
        case(
            "Parquet with times and categories",
            "a.parquet",
            parquet(typed),
            Reads("", "plain,zoned,kind|2024-03-05 14:30:00,2024-03-05 14:30:00,x|1970-01-01,1970-01-01,x"),
        ),
        case("Arrow file", "a.arrow", ipc(frame()), Reads("", FRAME)),
        case(
            "Arrow file cut off",
            "a.feather",
            {
                let all = ipc(frame());
                all[..all.len() / 2].to_vec()
            },
            Refused("malformed"),
        ),
        case("Arrow stream", "a.arrows", ipc_stream(frame()), Reads("", FRAME)),
        case(
            "Arrow stream cut off",
            "a.arrows",
            {
                let all = ipc_stream(frame());
                all[..all.len() - 100].to_vec()
            },
            Refused("malformed"),
        ),
        case(
            "Feather of version 1",
            "a.feather",
            b"FEA1\0\0\0\0\x10\0\0\0FEA1".as_slice(),
            Refused("not_text"),
        ),
    ]
}
