//! How the pages look, on screen and on paper.

pub(super) const REPORT: &str = "
:root{--ink:#1e2430;--muted:#5d6678;--line:#e4e4df;--ground:#fafaf7;--accent:#0f766e}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.55 system-ui,'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif}
main{max-width:1000px;margin:0 auto;padding:24px 32px 64px;display:none}
#en:checked~main.en,[id='zh-CN']:checked~main.zh-CN{display:block}
input[name=lang]{position:absolute;opacity:0}
nav{max-width:1000px;margin:0 auto;padding:16px 32px 0;text-align:right}
nav label{cursor:pointer;padding:4px 12px;border:1px solid var(--line);border-radius:6px;margin-left:8px;background:#fff}
input:focus-visible~nav{outline:2px solid var(--accent);outline-offset:4px}
h1{font-size:28px;margin:8px 0}h2{font-size:19px;margin:36px 0 8px;break-after:avoid}h3{font-size:16px;margin:24px 0 8px;break-after:avoid}
.lead{font-size:17px;max-width:70ch}.figure strong{font-size:40px}.muted{color:var(--muted)}
table{border-collapse:collapse;width:100%;background:#fff}
th,td{border-bottom:1px solid var(--line);padding:6px 10px;text-align:left;vertical-align:top}
th{font-weight:600;color:var(--muted)}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.card th{width:190px}.card td{overflow-wrap:anywhere}.small{width:auto}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:16px}
figure{margin:0;break-inside:avoid}figure svg{max-width:100%;height:auto}
tr{break-inside:avoid}
@media print{nav{display:none}body{background:#fff}main{padding:0;max-width:none}@page{margin:16mm}}
";

/// What a customer's card has beside it: all of it on one sheet.
pub(super) const CUSTOMER: &str = "
main{max-width:760px}h2{margin:18px 0 4px}p{margin:4px 0}ol{margin:4px 0;padding-left:22px}
.note{height:72px;border:1px solid var(--line);border-radius:6px;background:#fff;margin:8px 0}.foot{font-size:12px}
@media print{@page{size:A4 portrait;margin:14mm}main{font-size:12px}.figure strong{font-size:30px}h1{font-size:20px}h2{font-size:14px;margin:10px 0 2px}.lead{font-size:13px}th,td{padding:3px 8px}}
";

pub(super) const LIST: &str = "
body{margin:24px;color:#1e2430;font:13px/1.45 system-ui,'Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif}
h1{font-size:20px;margin:0 0 4px}table{border-collapse:collapse;width:100%}
th,td{border:1px solid #c9c9c2;padding:5px 7px;text-align:left;vertical-align:top}
thead{display:table-header-group}tr{break-inside:avoid}th{background:#f2f2ee}.box{font-size:18px;text-align:center}
@media print{body{margin:0}@page{size:landscape;margin:12mm}}
";
