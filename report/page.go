package report

// style is the look of every page.
const style = `<style>
:root{--ink:#1c2430;--soft:#5a6675;--line:#dde2e8;--paper:#fff;--shade:#f5f7f9;--good:#007a5a;--bad:#b14a00}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf0;--soft:#a4afbb;--line:#3a4450;--paper:#161b21;--shade:#1f262e;--good:#4fc79d;--bad:#f0a060}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1180px;margin:0 auto;padding:24px 20px 60px}h1{font-size:1.7rem;line-height:1.25;margin:.4rem 0 .6rem}h2{font-size:1.25rem;margin:2.4rem 0 .7rem;padding-top:.6rem;border-top:1px solid var(--line)}h3{font-size:1rem;margin:.2rem 0}
.note{color:var(--soft);font-size:.92rem;max-width:75ch}p{max-width:75ch}.warn{background:var(--shade);border-left:4px solid #e69f00;padding:.55rem .9rem;font-size:.95rem;max-width:none}
.answer{background:var(--shade);border-radius:8px;padding:.9rem 1.1rem;margin:1rem 0}.answer p{margin:.35rem 0;max-width:90ch}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.92rem;width:100%}th,td{text-align:left;padding:.32rem .7rem .32rem 0;border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--soft);white-space:nowrap}td.n{white-space:nowrap;font-variant-numeric:tabular-nums}tr.primary td{font-weight:600}
.dot{display:inline-block;width:.72em;height:.72em;border-radius:50%;margin-right:.4em;vertical-align:baseline}.grid2{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(430px,100%),1fr));gap:1.1rem}
figure{margin:0;min-width:0}figcaption{font-weight:600;font-size:.95rem}svg{width:100%;height:auto;display:block}svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .tick{font-size:11px;fill:var(--soft)}svg .label{fill:var(--soft)}svg .grid{stroke:var(--line)}svg .axis{stroke:var(--soft)}svg .mark{stroke:var(--soft);stroke-dasharray:4 3}
.yes{color:var(--good);font-weight:600}.no{color:var(--bad);font-weight:600}.legend span{margin-right:1.4em;white-space:nowrap}details{margin:.6rem 0}summary{cursor:pointer;font-weight:600}pre{overflow:auto;background:var(--shade);padding:.8rem;font-size:.8rem;max-height:30rem}code{font-family:ui-monospace,monospace;font-size:.9em;overflow-wrap:anywhere}ul{margin:.3rem 0;padding-left:1.2rem}nav{font-size:.92rem}nav a{margin-right:1rem;white-space:nowrap}a{color:#0a6ebd}
@media (prefers-color-scheme:dark){a{color:#6db8f2}}@media print{details{display:none}h2{break-after:avoid}figure{break-inside:avoid}}
</style>`

const pageText = `<!DOCTYPE html>
<html lang="{{.Lang}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>{{title .Lang .R.Spec.Title .R.Spec.TitleFR}} · thymus</title>
` + style + DiagramStyle + `</head><body><main>
<p class="warn">{{.W.disclaimer}}</p>
<h1>{{title .Lang .R.Spec.Title .R.Spec.TitleFR}}</h1>
<p>{{title .Lang .R.Spec.Question .R.Spec.QuestionFR}}</p>
<div class="answer"><h3>{{.W.answer}}</h3>{{range .Answer}}<p>{{.}}</p>{{end}}</div>
<nav aria-label="{{.W.contents}}"><a href="#design">{{.W.design}}</a><a href="#endpoints">{{.W.endpoints}}</a><a href="#curves">{{.W.curves}}</a><a href="#agreement">{{.W.agreement}}</a><a href="#modules">{{.W.modules}}</a><a href="#parameters">{{.W.parameters}}</a><a href="#limits">{{.W.limits}}</a></nav>
<h2 id="design">{{.W.design}}</h2>
{{with .R.Spec.Story}}<p>{{.}}</p>{{end}}{{if ne .Lang "en"}}<p class="note">{{.W.inenglish}}</p>{{end}}
<p>{{if eq .R.Spec.Design "counterfactual"}}{{.W.counterfactual}}{{else}}{{.W.randomiseddesign}}{{end}}</p>
<div class="scroll"><table><thead><tr><th>{{.W.arm}}</th><th>{{.W.route}}</th><th>{{.W.randomised}}</th><th>{{.W.completed}}</th><th>{{.W.died}}</th><th>{{.W.dropped}}</th><th>{{.W.failed}}</th></tr></thead><tbody>
{{range .Arms}}<tr><td><span class="dot" style="background:{{.Colour}}"></span>{{.Title}}{{if .Control}} ({{$.W.controlword}}){{end}}</td><td>{{range .Lines}}{{.}}<br>{{else}}{{$.W.none}}{{end}}</td><td class="n">{{.Randomised}}</td><td class="n">{{.Completed}}</td><td class="n">{{.Died}}</td><td class="n">{{.Dropped}}</td><td class="n">{{.Failed}}</td></tr>
{{end}}</tbody></table></div>
<p class="note">{{.W.screening}}{{.W.colon}} {{.R.Screening.Accepted}} / {{.R.Screening.Tried}} ({{pct .R.Screening.Accepted .R.Screening.Tried}}){{range .R.Screening.Reasons}}{{if .N}}{{$.W.semicolon}} {{if eq .Name $.NoSteadyState}}{{say $.Lang .Name}}{{else}}{{$.W.notmet}}{{$.W.colon}} {{title $.Lang .Name .NameFR}}{{end}}{{$.W.colon}} {{.N}}{{end}}{{end}}. {{.W.visits}}{{.W.colon}}{{range $i, $v := .R.Spec.Visits}}{{if $i}},{{end}} {{title $.Lang $v.Title $v.TitleFR}} ({{$.W.day}} {{printf "%g" $v.Day}}){{end}}.</p>
{{range .R.Retries}}<p class="note">{{$.W.retries}} {{say $.Lang .Name}}{{$.W.colon}} {{.N}}</p>
{{end}}{{if .R.Failures}}<details><summary>{{.W.failures}}{{.W.colon}} {{.R.FailedPatients}}</summary><ul>{{range .R.Failures}}<li>{{.Arm}}{{$.W.colon}} {{.Cause}}</li>{{end}}</ul></details>{{end}}
<h3>{{.W.population}}</h3>
<div class="scroll"><table><thead><tr><th>{{.W.covariate}}</th><th>n</th><th>{{.W.mean}}</th><th>{{.W.sd}}</th><th>{{.W.range}}</th></tr></thead><tbody>
{{range .R.Covariates}}<tr><td>{{title $.Lang .Title .TitleFR}}{{with .Unit}} [{{.}}]{{end}}</td><td class="n">{{.N}}</td>{{if .Levels}}<td colspan="3">{{range $i, $l := .Levels}}{{if $i}}, {{end}}{{say $.Lang $l.Name}} {{$l.N}}{{end}}</td>{{else}}<td class="n">{{num .Mean}}</td><td class="n">{{num .SD}}</td><td class="n">{{span .Q05 .Q95}}</td>{{end}}</tr>
{{end}}</tbody></table></div>
<h2 id="endpoints">{{.W.endpoints}}</h2>
<div class="scroll"><table><thead><tr><th>{{.W.endpoint}}</th><th>{{.W.arm}}</th><th>n</th><th>{{.W.estimate}}</th><th>{{.W.interval}}</th><th></th><th>{{.W.difference}}</th></tr></thead><tbody>
{{range .Rows}}<tr{{if .Primary}} class="primary"{{end}}>{{if .First}}<td rowspan="{{.Span}}">{{.Title}}</td>{{end}}<td class="n"><span class="dot" style="background:{{.Colour}}"></span>{{.Arm}}</td><td class="n">{{.N}}</td><td class="n">{{.Estimate}}</td><td class="n">{{.Interval}}</td><td class="n">{{.Detail}}{{with .Repeats}}<br><span class="note">{{.}}</span>{{end}}</td><td>{{.Difference}}{{with .Test}}<br><span class="note">{{.}}</span>{{end}}</td></tr>
{{end}}</tbody></table></div>
<h2 id="curves">{{.W.curves}}</h2>
<p class="note">{{.W.curvesnote}}{{if .R.BandError}} {{.W.bandsnote}}{{end}}</p><p class="legend">{{range .Arms}}<span><span class="dot" style="background:{{.Colour}}"></span>{{.Title}}</span> {{end}}</p>
<div class="grid2">{{range .Curves}}<figure><figcaption>{{.Title}}</figcaption>{{.SVG}}</figure>{{end}}</div>
{{if .KM}}<h2>{{.W.km}}</h2><p class="note">{{.W.kmnote}}</p><div class="grid2">{{range .KM}}<figure><figcaption>{{.Title}}</figcaption>{{.SVG}}</figure>{{end}}</div>{{end}}
{{if .Falls}}<h2>{{.W.waterfall}}</h2><div class="grid2">{{range .Falls}}<figure><figcaption>{{.Title}}</figcaption>{{.SVG}}</figure>{{end}}</div>{{end}}
{{if .Lines}}<h2>{{.W.patients}}</h2><p class="note">{{.W.patientsnote}}</p><div class="grid2">{{range .Lines}}<figure><figcaption>{{.Title}}</figcaption>{{.SVG}}</figure>{{end}}</div>{{end}}
{{if .R.Agreement}}<h2 id="agreement">{{.W.agreement}}</h2><p class="note">{{.W.agreementnote}}</p>
<div class="scroll"><table><thead><tr><th>{{.W.published}}</th><th>{{.W.arm}}</th><th>{{.W.published}}</th><th>{{.W.rule}}</th><th>{{.W.predicted}}</th><th>{{.W.predictedinterval}}</th><th>{{.W.agrees}}</th><th>{{.W.use}}</th></tr></thead><tbody>
{{range .R.Agreement}}<tr><td>{{.Measure}}<br><span class="note">{{.Row}}: {{if isdoi .DOI}}<a href="https://doi.org/{{.DOI}}">{{.Citation}}</a>{{else}}{{.Citation}}{{end}}</span></td><td>{{.Arm}}</td><td class="n">{{published .}}</td><td class="n">{{span .PublishedLo .PublishedHi}}<br><span class="note">{{say $.Lang .Rule}}</span></td><td class="n">{{num .Predicted}}</td><td class="n">{{span .PredictedLo .PredictedHi}}</td><td>{{if .Agrees}}<span class="yes">{{$.W.yes}}</span>{{else}}<span class="no">{{$.W.no}}</span>{{end}}</td><td>{{say $.Lang .Use}}, {{say $.Lang .Status}}</td></tr>
{{end}}</tbody></table></div><div class="scroll">{{.Forest}}</div>{{end}}
<h2>{{.W.doses}}</h2>
<div class="scroll"><table><thead><tr><th>{{.W.arm}}</th><th>{{.W.route}}</th><th>{{.W.flow}}</th><th>{{.W.nDoses}}</th><th>{{.W.perPatient}}</th></tr></thead><tbody>
{{range .R.Arms}}{{$a := .}}{{range .Doses}}<tr><td>{{$a.ID}}</td><td>{{$.Module .Module}}, {{route $.Lang .Route}}{{with .Rule}} ({{.}}){{end}}</td><td class="n">{{.Patients}} / {{$a.Randomised}}</td><td class="n">{{.Doses}}</td><td class="n">{{num .MeanTotal}}{{with unitless .Unit}} {{.}}{{end}}</td></tr>{{else}}<tr><td>{{$a.ID}}</td><td colspan="4">{{$.W.none}}</td></tr>{{end}}
{{end}}</tbody></table></div>
{{if .Modules}}<h2 id="modules">{{.W.modules}}</h2><p class="note">{{.W.modulesnote}}</p>
{{range .Modules}}<details><summary>{{.Title}} (<code>{{.Instance}}</code>)</summary>{{range paragraphs .About}}<p>{{.}}</p>{{end}}
{{with .Assumptions}}<h3>{{$.W.assumptions}}</h3><p>{{.}}</p>{{end}}{{with .Failures}}<h3>{{$.W.knownfailures}}</h3><p>{{.}}</p>{{end}}
{{with .Doses}}<h3>{{$.W.route}}</h3><ul>{{range .}}<li><code>{{.}}</code></li>{{end}}</ul>{{end}}{{with .Picture}}<figure>{{.}}</figure>{{end}}</details>
{{end}}{{end}}<h2 id="parameters">{{.W.parameters}}</h2>
<p>{{range $i, $c := .R.SourceCounts}}{{if $i}}, {{end}}{{say $.Lang $c.Name}} {{$c.N}}{{end}}.</p>
<details><summary>{{.W.all}} ({{len .R.Parameters}})</summary><div class="scroll"><table><thead><tr><th>{{.W.parameter}}</th><th>{{.W.value}}</th><th>{{.W.unit}}</th><th>{{.W.spread}}</th><th>{{.W.source}}</th><th>{{.W.note}}</th></tr></thead><tbody>
{{range .R.Parameters}}<tr><td><code>{{.ID}}</code></td><td class="n">{{num .Value}}</td><td>{{.Unit}}</td><td>{{.Spread}}</td><td>{{.Source}}</td><td>{{.Note}}</td></tr>{{end}}</tbody></table></div></details>
<h2 id="limits">{{.W.limits}}</h2><ul>{{range .R.Spec.Limits}}<li>{{.}}</li>{{end}}</ul>
<h2>{{.W.reproduce}}</h2><p><code>{{.Command}}</code></p><p class="note">thymus {{.R.Version}} · {{.W.seed}} {{.R.Seed}} · {{.W.modelhash}} <code>{{.R.ModelHash}}</code></p>
<details><summary>{{.W.model}}</summary><pre>{{.R.ModelText}}</pre></details>
<p class="warn">{{.W.disclaimer}}</p>
</main></body></html>
`
