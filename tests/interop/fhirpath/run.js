// Every rule condition on every case, evaluated by npm fhirpath and compared
// with ours.  usage: run.js DUMP_FACTS ROOT; exit 77 without the package
// (npm ci in this folder).  Conditions on inexact numbers are left out:
// FHIRPath has no intervals.
'use strict';
const { execFileSync } = require('child_process');
const fs = require('fs');
let fhirpath;
try {
	fhirpath = require('fhirpath');
} catch (e) {
	console.log('npm package fhirpath is not installed here');
	process.exit(77);
}
const [dump, root] = process.argv.slice(2);
const variables = {}, parameters = {};
for (const name of fs.readdirSync(root + '/conf/rules')) {
	const r = JSON.parse(fs.readFileSync(root + '/conf/rules/' + name));
	const own = {};
	for (const e of r.extension || [])
		if (e.valueExpression) own[e.valueExpression.name] = e.valueExpression.expression;
	for (const a of r.action || []) variables[a.id] = own;
	for (const p of r.resourceType === 'Parameters' ? r.parameter : []) parameters[p.name] = p.valueQuantity.value;
}
// Units were checked when the rules were loaded; here numbers suffice.
function expand(text, own) {
	const plain = text.replace(/([0-9]) '[^']*'/g, '$1');
	return plain.replace(/%(\w+)/g, (m, name) => own[name] !== undefined ? '(' + expand(own[name], own) + ')' : m);
}
let compared = 0, left = 0, bad = 0;
const compiled = new Map();
for (const line of execFileSync(dump, { encoding: 'utf8', maxBuffer: 1 << 26 }).trim().split('\n')) {
	const c = JSON.parse(line);
	const env = { ...parameters };
	for (const [k, v] of Object.entries(c.facts)) env[k] = v === null ? [] : v;
	for (const [id, text, ours] of c.rules) {
		const full = expand(text, variables[id] || {});
		if ([...full.matchAll(/%(\w+)/g)].some(m => c.facts[m[1]] === 'inexact')) { left++; continue; }
		if (!compiled.has(full)) compiled.set(full, fhirpath.compile(full));
		const out = compiled.get(full)({}, env);
		const theirs = out.length === 0 ? null : out[0];
		compared++;
		if (theirs !== ours) {
			bad++;
			console.log(`${c.case} ${id}: ours ${ours}, fhirpath ${theirs}: ${full}`);
		}
	}
}
console.log(`${compared} conditions compared, ${left} left out, ${bad} disagree`);
process.exit(bad === 0 && compared > 0 ? 0 : 1);
