//! Parquet and Arrow.

use polars::prelude::*;

use super::{Case, Reads, Refused, case, codes, gz, show};
use crate::collect::{ReadOptions, open};
use crate::job::Reporter;

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

#[test]
fn values_of_many_kinds() {
    let nested = StructChunked::from_series(
        "place".into(),
        2,
        [Series::new("city".into(), ["Bern", "Paris"]), Series::new("zip".into(), [Some(3000i32), None])]
            .iter(),
    )
    .unwrap();
    let tags =
        Series::new("tags".into(), [Series::new("".into(), ["x", "y"]), Series::new("".into(), [""; 0])]);
    let deep = Series::new("deep".into(), [tags.clone(), tags.clone()]);
    let zone = TimeZone::opt_try_new(Some("Asia/Shanghai")).unwrap();
    let cast = |name: &str, values: [i64; 2], dtype: &DataType| {
        Series::new(name.into(), values).cast(dtype).unwrap().into()
    };
    let frame = DataFrame::new(
        2,
        vec![
            Series::new("money".into(), [1.1, 20.0]).cast(&DataType::Decimal(10, 2)).unwrap().into(),
            nested.into_series().into(),
            tags.into(),
            deep.into(),
            Series::new("half".into(), [0.1f32, 3.0]).into(),
            cast("small", [-5, 5], &DataType::Int8),
            cast("big", [7, 8], &DataType::UInt64),
            cast("day", [19787, -1], &DataType::Date),
            cast("hour", [30_600_000_000_000, 0], &DataType::Time),
            cast("lasts", [95_400_000, -500], &DataType::Duration(TimeUnit::Milliseconds)),
            cast("at", [1_709_649_000_000, 1], &DataType::Datetime(TimeUnit::Milliseconds, zone)),
            Series::new("bytes".into(), [b"text".as_slice(), b"more"]).into(),
            Series::new("picture".into(), [b"\xFF\xD8".as_slice(), b"\x89PNG"]).into(),
            Series::full_null("nothing".into(), 2, &DataType::Null).into(),
        ],
    )
    .unwrap();
    let wanted = "money,place.city,place.zip,tags,half,small,big,day,hour,lasts,at,bytes,nothing\
        |1.10,Bern,3000,x; y,0.1,-5,7,2024-03-05,08:30:00,26:30:00,2024-03-05 14:30:00,text,\
        |20.00,Paris,,,3,5,8,1969-12-31,00:00:00,-0:00:00.5,1970-01-01 00:00:00.001,more,";
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [("a.parquet", parquet(frame.clone())), ("a.arrow", ipc(frame))] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let table = open(&path, &ReadOptions::default(), &Reporter::silent()).unwrap();
        assert_eq!(show(&table), wanted, "{name}");
        assert_eq!(codes(&table.warnings), ["column_left", "zone_utc", "column_left"], "{name}");
    }
}

/// A Parquet file of fifty rows, unpacked: its bytes are what they say.
fn fifty() -> Vec<u8> {
    let mut frame = df!(
        "id" => (0..50).map(|at| format!("C{at:03}")).collect::<Vec<_>>(),
        "orders" => (0..50i64).collect::<Vec<_>>(),
        "sum" => (0..50).map(|at| (at % 7 != 0).then_some(f64::from(at) * 1.5)).collect::<Vec<_>>()
    )
    .unwrap();
    let mut out = Vec::new();
    let writer = ParquetWriter::new(&mut out).with_compression(ParquetCompression::Uncompressed);
    writer.finish(&mut frame).unwrap();
    out
}

/// Opens bytes as a Parquet file: the cause of what is wrong with it.
fn fault(path: &std::path::Path, bytes: &[u8]) -> Option<String> {
    std::fs::write(path, bytes).unwrap();
    let opened = open(path, &ReadOptions::default(), &Reporter::silent());
    opened.err().map(|error| error.to_string())
}

/// polars 0.55 reserves what these ask for and ends the program: a test that failed would not be heard of.
#[test]
fn a_parquet_file_that_asks_for_too_much_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let whole = fifty();
    assert_eq!(fault(&path, &whole), None);
    let size = u32::from_le_bytes(whole[whole.len() - 8..whole.len() - 4].try_into().unwrap()) as usize;
    let footer = whole.len() - 8 - size;
    let mut told: Vec<String> = Vec::new();
    let mut change = |at: usize, to: u8| {
        let mut bytes = whole.clone();
        bytes[at] = to;
        told.extend(fault(&path, &bytes));
    };
    // Fifty, as headers write it, becomes minus fifty-one and sixty-three.
    for at in (0..whole.len() - 8).filter(|at| whole[*at] == 100) {
        [101, 126].into_iter().for_each(|to| change(at, to));
    }
    // Lists of the footer become as long as the byte after it says.
    for at in (footer..whole.len() - 8).filter(|at| whole[*at] & 0x0f == 12 || whole[*at] & 0x0f == 8) {
        change(at, whole[at] | 0xf0);
    }
    for cause in ["counts below nothing", "more values than its column", "a value for every row"] {
        assert!(told.iter().any(|told| told.contains(cause)), "{cause}: {told:#?}");
    }
    // The footer's first list with as many columns as four bytes can say.
    let list = (footer..whole.len()).find(|at| whole[*at] == 0x19).unwrap() + 1;
    let mut bytes = whole.clone();
    bytes[list] = 0xfc;
    bytes.splice(list + 1..list + 1, [0xff, 0xff, 0xff, 0xff, 0x07]);
    let end = bytes.len() - 8;
    bytes[end..end + 4].copy_from_slice(&(size as u32 + 5).to_le_bytes());
    assert!(fault(&path, &bytes).unwrap().contains("footer cannot be understood"));
}

/// Every byte before the rows, one after the other: told or read, and nothing else.
#[test]
fn no_byte_of_a_parquet_file_ends_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let whole = fifty();
    let (mut told, mut read) = (0, 0);
    for at in 4..whole.len() - 4 {
        for to in [whole[at] ^ 1, whole[at] ^ 0x80, 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = to;
            match fault(&path, &bytes) {
                Some(_) => told += 1,
                None => read += 1,
            }
        }
    }
    assert!(told > 1_000 && read > 1_000, "{told} told, {read} read");
}
