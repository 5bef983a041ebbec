/*
 * The style sheet of the pages.  Every pair of text and ground has a contrast
 * of at least 4.5:1, in both colour schemes, and every line that means
 * something one of 3:1 (WCAG 2.2, 1.4.3 and 1.4.11; computed by a test);
 * meaning is also in words and borders, not in colour alone (1.4.1).
 */
#include "map_html.h"

static const char *const colours =
	":root{color-scheme:light dark;--bg:#fff;--fg:#16202a;--dim:#4c5966;"
	"--line:#c3cbd3;--card:#f5f7f9;--stop:#a31515;--go:#11632f;"
	"--ask:#7a4b00;--info:#0b5394;--curve:#0b5394;--fit:#a3305f}\n"
	"@media (prefers-color-scheme:dark){:root{--bg:#12171c;--fg:#e8edf2;"
	"--dim:#a9b4bf;--line:#46525e;--card:#1b2229;--stop:#ff9c93;"
	"--go:#7fd89b;--ask:#f2c063;--info:#8fc4ff;--curve:#8fc4ff;"
	"--fit:#ff9dc4}}\n";

static const char *const text =
	"*{box-sizing:border-box}\n"
	"html{-webkit-text-size-adjust:100%}\n"
	"body{margin:0 auto;padding:1rem;max-width:56rem;background:var(--bg);"
	"color:var(--fg);font:1rem/1.5 system-ui,sans-serif;"
	"overflow-wrap:anywhere}\n"
	"h1{font-size:1.5rem;line-height:1.25;margin:0}\n"
	"h2{font-size:1.25rem;line-height:1.3;margin:2rem 0 .75rem}\n"
	"h3{font-size:1.05rem;margin:1.5rem 0 .5rem}\n"
	"h4{font-size:1rem;margin:0 0 .25rem}\n"
	"p{margin:.25rem 0}\n"
	"ul,ol{margin:.25rem 0;padding-left:1.25rem}\n"
	"dl,dd{margin:0}\n"
	"a{color:var(--info)}\n"
	"a:focus-visible,summary:focus-visible,.scroll:focus-visible{"
	"outline:3px solid var(--info);outline-offset:2px}\n"
	"header{border-bottom:2px solid var(--fg);padding-bottom:.75rem}\n"
	".kicker,.asof{color:var(--dim);font-size:.9rem}\n"
	".draft{color:var(--ask);border:1px solid;border-radius:3px;"
	"padding:0 .4em;white-space:nowrap}\n"
	"time{font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"footer{margin-top:2rem;border-top:1px solid var(--line);"
	"padding-top:.75rem}\n"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
	"border-bottom:1px solid var(--line);overflow-wrap:break-word}\n"
	"th:first-child,td:first-child{padding-left:0}\n"
	"thead th{border-bottom-color:var(--fg)}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	".scroll{overflow-x:auto}\n"
	"summary{cursor:pointer;padding:.25rem 0}\n";

static const char *const cards =
	".intent{border-left:6px solid var(--ask);padding:.25rem 0 .25rem "
	".75rem;margin:1.25rem 0 .75rem}\n"
	".intent span{display:block;font-size:.9rem;font-weight:600;"
	"color:var(--dim)}\n"
	".intent.curative{border-color:var(--go)}\n"
	".figures{display:flex;flex-wrap:wrap;gap:.5rem 2rem;margin:1rem 0}\n"
	".figures dt{font-size:.85rem;color:var(--dim)}\n"
	".figures dd{font-weight:600;font-variant-numeric:tabular-nums}\n"
	".card{border:1px solid var(--line);border-left:5px solid var(--info);"
	"border-radius:4px;background:var(--card);padding:.65rem .85rem;"
	"margin:.65rem 0}\n"
	".card>h3{margin:0 0 .25rem}\n"
	".card li{margin:.3rem 0}\n"
	".card.block{border-left:8px double var(--stop)}\n"
	".card.offer{border-left-color:var(--go)}\n"
	".card.unknown{border-left-color:var(--ask);"
	"border-left-style:dashed}\n"
	".card.block>h3,.card.block>ul>li>strong{color:var(--stop)}\n"
	".card.offer>h3{color:var(--go)}\n"
	".card.unknown>h3{color:var(--ask)}\n"
	".card:target,.facts>div:target,.not>div:target,tr:target{"
	"outline:3px solid var(--info);outline-offset:2px}\n"
	".rule{font-size:.8rem;white-space:nowrap}\n"
	".card.caution{border-left-color:var(--ask)}\n"
	".card.caution>h3{color:var(--ask)}\n"
	".reasons{padding-left:0;list-style:none}\n"
	".until{color:var(--ask);font-size:.9rem}\n"
	"li .until{display:block}\n"
	".settle,.for,.src,.small,.basis,figcaption,footer{font-size:.85rem;"
	"color:var(--dim)}\n"
	".settle,.for{display:block}\n"
	".changes>div{display:flex;flex-wrap:wrap;gap:0 1rem;"
	"padding:.35rem 0;border-top:1px solid var(--line)}\n"
	".changes>div:first-child{border-top:0}\n"
	".changes dt{flex:1 1 16rem}\n"
	".changes dd{flex:1 1 16rem}\n"
	".changes dd::before{content:\"\\2192\\00a0\"/\"\"}\n";

static const char *const lists =
	".basis{margin-top:.5rem}\n"
	".basis>div{display:flex;gap:.15rem .75rem;padding:.1rem 0}\n"
	".basis dt{flex:0 0 5rem;font-weight:600}\n"
	".basis dd{flex:1 1 0;min-width:0}\n"
	".review dt{flex-basis:8.5rem}\n"
	"nav{margin:1rem 0}\n"
	".evidence{list-style:none;padding:0;margin:0 0 .25rem;display:flex;"
	"flex-wrap:wrap;gap:.3rem .4rem}\n"
	".card .evidence li{margin:0}\n"
	".evidence a{display:inline-block;border:1px solid var(--dim);"
	"border-radius:3px;padding:.05rem .4rem;text-decoration:none}\n"
	".facts>div,.not>div{display:flex;gap:.1rem 1.5rem;padding:.4rem 0;"
	"border-top:1px solid var(--line)}\n"
	".facts dt,.not dt{flex:1 1 0;min-width:0}\n"
	".facts dd,.not dd{flex:1.1 1 0;min-width:0;font-size:.9rem}\n"
	".sources,.timeline{list-style:none;padding:0;margin:0}\n"
	".timeline li{display:flex;gap:.1rem 1rem;padding:.35rem 0;"
	"border-top:1px solid var(--line)}\n"
	".when{flex:0 0 13.5rem;font-variant-numeric:tabular-nums}\n"
	".sort{flex:0 0 6rem;font-size:.85rem;color:var(--dim)}\n"
	".what{flex:1 1 0;min-width:0}\n"
	".treatment bdi{font-weight:600}\n";

static const char *const chart =
	"figure{margin:.5rem 0}\n"
	"figure svg[role]{display:block;width:100%;height:auto}\n"
	"svg text{font:12px system-ui,sans-serif;fill:var(--fg)}\n"
	"svg .tick{fill:var(--dim)}\n"
	"svg .halo{paint-order:stroke;stroke:var(--bg);stroke-width:4px;"
	"stroke-linejoin:round}\n"
	".axis,.grid{stroke:var(--line);fill:none}\n"
	".axis{stroke:var(--dim)}\n"
	".band{fill:var(--dim);fill-opacity:.16;stroke:var(--dim);"
	"stroke-width:.5}\n"
	".mark{stroke:var(--dim);stroke-width:1.5;stroke-dasharray:2 3}\n"
	".limit{stroke:var(--stop);stroke-width:1.5;stroke-dasharray:7 4}\n"
	"svg .limit-text{fill:var(--stop)}\n"
	".curve{fill:none;stroke:var(--curve);stroke-width:1.75}\n"
	".point,.censored,.range{fill:var(--bg);stroke:var(--curve);"
	"stroke-width:1.75}\n"
	".point.used{fill:var(--fit);stroke:var(--fit)}\n"
	".fit{stroke:var(--fit);stroke-width:8;stroke-opacity:.4;"
	"stroke-linecap:round}\n"
	".fail{fill:none;stroke:var(--stop);stroke-width:2}\n"
	".measure{max-width:30rem}.part{padding-left:1rem!important}\n"
	".bar{fill:var(--curve)}\n"
	".bar.missed{fill:var(--stop)}\n"
	".legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;"
	"gap:.1rem 1.25rem}\n"
	".legend svg{width:24px;height:14px;vertical-align:-2px}\n"
	"figure svg.narrow{display:none}\n"
	"@media (max-width:36rem){figure svg.wide{display:none}"
	"figure svg.narrow{display:block}.timeline li{display:grid;"
	"grid-template-columns:1fr auto}.what{grid-column:1/-1}"
	".stack thead{position:absolute;width:1px;height:1px;overflow:hidden;"
	"clip-path:inset(50%)}.stack tr{display:block;padding:.35rem 0;"
	"border-bottom:1px solid var(--line)}.stack th[scope=row]{"
	"display:block;border:0;padding:0}.stack td{display:inline;border:0;"
	"padding:0 .35rem 0 0;overflow-wrap:anywhere}"
	".stack td+td::before{content:\"\\00b7\\00a0\"/\"\"}"
	".sort{flex:none}.facts>div,.not>div,.basis>div{display:block}"
	".facts dd{padding-left:.75rem}body{padding:.75rem}"
	"h1{font-size:1.3rem}.figures{gap:.35rem 1.5rem}}\n";

/* Paper: black on white, the wide curve, the table shown, nothing torn. */
static const char *const paper =
	"@page{size:A4;margin:15mm}\n"
	"@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#333;"
	"--line:#999;--card:#fff;--stop:#000;--go:#000;--ask:#000;"
	"--info:#000;--curve:#000;--fit:#000}"
	"html{font-size:9.5pt}body{max-width:none;padding:0}"
	"a{text-decoration:none}"
	".evidence{display:block}.evidence li{display:inline}"
	".evidence li:not(:last-child)::after{content:\"; \"}"
	".evidence a{border:0;padding:0}"
	".card,figure,.timeline li,.facts>div,tr{break-inside:avoid}"
	"h2,h3,h4{break-after:avoid}"
	"figure svg.wide{display:block}figure svg.narrow{display:none}"
	"figure svg.wide{max-height:80mm}"
	"details.other{display:none}"
	"details.values::details-content{content-visibility:visible;"
	"display:block!important;height:auto!important}"
	".block>h3::before,.block>h4::before{content:\"! \"}}\n";

void
map_html_style(struct sv_buf *b)
{
	sv_buf_addc(b, '\n');
	sv_buf_add(b, sv_str_of(colours));
	sv_buf_add(b, sv_str_of(text));
	sv_buf_add(b, sv_str_of(cards));
	sv_buf_add(b, sv_str_of(lists));
	sv_buf_add(b, sv_str_of(chart));
	sv_buf_add(b, sv_str_of(paper));
}
