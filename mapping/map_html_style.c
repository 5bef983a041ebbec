/*
 * The style sheet of the page.  Every pair of text and ground has a contrast
 * of at least 4.5:1, in both colour schemes (WCAG 2.2, 1.4.3); on paper
 * meaning is carried by words and borders, not by colour (1.4.1).
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
	"a{color:var(--info)}\n"
	"a:focus-visible,summary:focus-visible,.scroll:focus-visible{"
	"outline:3px solid var(--info);outline-offset:2px}\n"
	"header{border-bottom:2px solid var(--fg);padding-bottom:.75rem}\n"
	".kicker,.asof{color:var(--dim);font-size:.9rem}\n"
	".draft{color:var(--ask);border:1px solid;border-radius:3px;"
	"padding:0 .4em;white-space:nowrap}\n";

static const char *const parts =
	".intent{border-left:6px solid var(--ask);padding:.25rem 0 .25rem "
	".75rem;margin:1.25rem 0 1rem}\n"
	".intent span{display:block;font-size:.9rem;font-weight:600;"
	"color:var(--dim)}\n"
	".intent.curative{border-color:var(--go)}\n"
	".card{border:1px solid var(--line);border-left:5px solid var(--info);"
	"border-radius:4px;background:var(--card);padding:.65rem .85rem;"
	"margin:.65rem 0}\n"
	".card>h3{margin:0 0 .25rem}\n"
	".card.block{border-left-color:var(--stop);border-left-style:double}\n"
	".card.offer{border-left-color:var(--go)}\n"
	".card.unknown{border-left-color:var(--ask);"
	"border-left-style:dashed}\n"
	".card.block>h3,.card.block li strong{color:var(--stop)}\n"
	".card.offer>h3{color:var(--go)}\n"
	".card.unknown>h3{color:var(--ask)}\n"
	".card li{margin:.3rem 0}\n"
	".card:target,.facts li:target{outline:3px solid var(--info)}\n"
	".rule{font-size:.8rem;white-space:nowrap}\n"
	".basis,.rests,.settle,.src,figcaption,footer{font-size:.85rem;"
	"color:var(--dim)}\n"
	".facts{list-style:none;padding:0}\n"
	".facts>li{border-top:1px solid var(--line);padding:.35rem 0}\n"
	".evidence{list-style:none;padding:0 0 0 1rem;font-size:.9rem}\n"
	".timeline{list-style:none;padding:0;margin:0}\n"
	".timeline li{display:flex;gap:.25rem 1rem;padding:.35rem 0;"
	"border-top:1px solid var(--line)}\n"
	".when{flex:0 0 14rem;font-variant-numeric:tabular-nums}\n"
	".what{min-width:0}\n"
	"time{font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"footer{margin-top:2rem;border-top:1px solid var(--line);"
	"padding-top:.75rem}\n"
	"figure{margin:1.5rem 0 .5rem}\n"
	"figure svg{display:block;width:100%;height:auto}\n"
	".scroll{overflow-x:auto}\n"
	"table{border-collapse:collapse;width:100%;font-size:.9rem}\n"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
	"border-bottom:1px solid var(--line)}\n"
	"summary{cursor:pointer;padding:.25rem 0}\n";

static const char *const chart =
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
	".point{fill:var(--curve);stroke:var(--bg);stroke-width:1}\n"
	".point.used{fill:var(--fit)}\n"
	".censored,.range{fill:var(--bg);stroke:var(--curve);"
	"stroke-width:1.75}\n"
	".fit{stroke:var(--fit);stroke-width:2.5;stroke-dasharray:9 3}\n"
	"svg .fit-text{fill:var(--fit)}\n"
	".ring{fill:none;stroke:var(--fg);stroke-width:1.5}\n"
	".fail{fill:none;stroke:var(--stop);stroke-width:2}\n"
	"figure svg.narrow{display:none}\n"
	"@media (max-width:36rem){figure svg.wide{display:none}"
	"figure svg.narrow{display:block}.timeline li{display:block}"
	".when{display:block;color:var(--dim);font-size:.9rem}"
	"body{padding:.75rem}h1{font-size:1.3rem}}\n";

/* Paper: black on white, the wide curve, the table shown, nothing torn. */
static const char *const paper =
	"@page{size:A4;margin:15mm}\n"
	"@media print{:root{color-scheme:light;--bg:#fff;--fg:#000;--dim:#333;"
	"--line:#999;--card:#fff;--stop:#000;--go:#000;--ask:#000;"
	"--info:#000;--curve:#000;--fit:#000}"
	"body{max-width:none;padding:0;font-size:10pt}a{text-decoration:none}"
	".card,figure,.timeline li,.facts>li,tr{break-inside:avoid}"
	"h2,h3,h4{break-after:avoid}"
	"figure svg.wide{display:block}figure svg.narrow{display:none}"
	"details.other{display:none}details.values::details-content{content-visibility:visible;"
	"display:block!important;height:auto!important}"
	".block>h3::before,.block>h4::before{content:\"! \"}}\n";

void
map_html_style(struct sv_buf *b)
{
	sv_buf_addc(b, '\n');
	sv_buf_add(b, sv_str_of(colours));
	sv_buf_add(b, sv_str_of(text));
	sv_buf_add(b, sv_str_of(parts));
	sv_buf_add(b, sv_str_of(chart));
	sv_buf_add(b, sv_str_of(paper));
}
