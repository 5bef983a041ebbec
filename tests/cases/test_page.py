#!/usr/bin/python3
"""The pages that people read, on every case.  usage: test_page.py SALVOR

A page is safe to open, is well-formed, can be read by everybody (WCAG 2.2),
and says what --format explain says (OS-14).
"""
import base64
import functools
import hashlib
import json
import os
import re
import subprocess
import sys
import unittest
import xml.etree.ElementTree as ET

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
CASES = os.path.join(ROOT, 'tests/cases/vignettes-fhir')
with open(os.path.join(ROOT, 'tests/cases/vignettes.json')) as f:
    AS_OF = {v['id']: v['reference_date'] for v in json.load(f)['vignettes']}
with open(os.path.join(ROOT, 'tests/cases/rule-book/rules.json')) as f:
    RULES = {r['id'] for r in json.load(f)['rules']}
H = '{http://www.w3.org/1999/xhtml}'
SVG = '{http://www.w3.org/2000/svg}'
DISCLAIMER = 'Not a medical device, not clinically validated.'


def run(*args, stdin=None):
    r = subprocess.run([SALVOR, *args], input=stdin, capture_output=True, timeout=120)
    assert r.returncode == 0, (args, r.stderr)
    return r.stdout.decode()


def evaluate(name, form, stdin=None):
    return run('evaluate', '--as-of', AS_OF[name], '--recorded', '2026-05-01T08:00:00Z', '--format', form,
               '-' if stdin else '%s/%s.json' % (CASES, name), stdin=stdin)


@functools.lru_cache(None)
def source(name):
    """A page as written: of a case, the rule book or the measure."""
    if name == 'rules':
        return run('rules', '--format', 'html', '--cases', os.path.join(ROOT, 'tests/cases'))
    if name == 'measure':
        return run('measure', '--format', 'html', '--as-of', '2026-05-01', '--from', '2010-01-01', CASES)
    return evaluate(name, 'html')


@functools.lru_cache(None)
def page(name):
    return ET.fromstring(source(name).split('\n', 1)[1])


@functools.lru_cache(None)
def explain(name):
    return json.loads(evaluate(name, 'explain'))


def words(e):
    return ' '.join(''.join(e.itertext()).split())


def by_class(root, name):
    return [e for e in root.iter() if name in (e.get('class') or '').split()]


PAGES = sorted(AS_OF) + ['rules', 'measure']


class Safe(unittest.TestCase):
    def test_nothing_runs_and_nothing_is_fetched(self):
        for name in PAGES:
            text, root = source(name), page(name)
            tags = {e.tag.rsplit('}', 1)[-1] for e in root.iter()}
            self.assertFalse(tags & {'script', 'img', 'iframe', 'object', 'embed', 'form', 'link', 'base', 'use'}, name)
            self.assertNotRegex(text, r'url\(|@import|javascript:')
            self.assertEqual(set(re.findall(r'https?://[^"<\s]*', text)) - {H[1:-1], SVG[1:-1]}, set(), name)
            ids = [e.get('id') for e in root.iter() if e.get('id')]
            self.assertEqual(len(ids), len(set(ids)), name)
            for e in root.iter():
                self.assertFalse([k for k in e.keys() if k.startswith('on') or k in ('style', 'src')], name)
                if e.get('href'):
                    self.assertEqual(e.get('href')[0], '#')
                    self.assertIn(e.get('href')[1:], ids, (name, 'a link inside the page'))

    def test_the_policy_allows_the_style_sheet_and_nothing_else(self):
        for name in ('V049', 'rules', 'measure'):
            style = re.search(r'<style>(.*?)</style>', source(name), re.S)[1]
            digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
            policy = page(name).find("%shead/%smeta[@http-equiv='Content-Security-Policy']" % (H, H)).get('content')
            self.assertEqual(policy, "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'"
                             % digest)

    def test_hostile_text(self):
        with open('%s/V049.json' % CASES) as f:
            text = f.read()
        bad = '</style><script>alert(1)</script>&"\'\u202e\u0007\u061c\u2028'
        bundle = json.loads(text.replace('"V049"', json.dumps('x')))
        for e in bundle['entry']:
            r = e['resource']
            if r['resourceType'] == 'Patient':
                r['identifier'] = [{'system': 'urn:x', 'value': bad}]
            if 'valueQuantity' in r:
                r['method'] = {'text': bad}
                r['meta'] = {'versionId': bad}
                r['valueQuantity']['unit'] = bad
        out = evaluate('V049', 'html', stdin=json.dumps(bundle).encode())
        self.assertNotIn('<script', out)
        for hidden in '\u202e\u061c\u2028':
            self.assertNotIn(hidden, out)
        self.assertIn('&lt;script&gt;', out)
        ET.fromstring(out.split('\n', 1)[1])

    def test_one_patient_a_page(self):
        lines = []
        for name in ('V001', 'V049'):
            with open('%s/%s.json' % (CASES, name)) as f:
                lines.append(json.dumps(json.load(f)))
        r = subprocess.run([SALVOR, 'evaluate', '--as-of', '2026-05-01', '--format', 'html'],
                           input='\n'.join(lines).encode(), capture_output=True, timeout=60)
        self.assertEqual((r.returncode, r.stdout.count(b'<!DOCTYPE')), (2, 1), r.stderr)


def luminance(colour):
    if len(colour) == 4:
        colour = '#' + ''.join(2 * c for c in colour[1:])
    parts = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    a, b = sorted((luminance(a), luminance(b)))
    return (b + 0.05) / (a + 0.05)


class Readable(unittest.TestCase):
    def test_contrast(self):
        """WCAG 2.2, 1.4.3 for text and 1.4.11 for what is drawn; on screen, in the dark, on paper."""
        style = page('V049').find('%shead/%sstyle' % (H, H)).text
        schemes = [dict(re.findall(r'--(\w+):(#[0-9a-f]+)', block)) for block in re.findall(r':root\{([^}]*)\}', style)]
        self.assertEqual(len(schemes), 3)
        for scheme in schemes:
            for ground in ('bg', 'card'):
                for text in ('fg', 'dim', 'stop', 'go', 'ask', 'info'):
                    self.assertGreaterEqual(contrast(scheme[text], scheme[ground]), 4.5, (text, ground))
            for line in ('curve', 'fit', 'stop', 'dim'):
                self.assertGreaterEqual(contrast(scheme[line], scheme['bg']), 3, line)

    def test_headings_descend_one_step_at_a_time(self):
        for name in PAGES:
            levels = [int(e.tag[-1]) for e in page(name).iter() if re.fullmatch(re.escape(H) + 'h[1-6]', e.tag)]
            self.assertEqual((levels[0], levels.count(1)), (1, 1), name)
            for a, b in zip(levels, levels[1:]):
                self.assertLessEqual(b, a + 1, (name, levels))

    def test_language_title_and_landmarks(self):
        for name in PAGES:
            root = page(name)
            self.assertEqual(root.get('lang'), 'en')
            self.assertEqual(len(root.findall('.//%smain' % H)), 1)
            for e in by_class(root, 'scroll'):
                self.assertEqual((e.get('tabindex'), e.get('role')), ('0', 'region'))
                self.assertTrue(e.get('aria-label'))
        titles = [page(name).find('%shead/%stitle' % (H, H)).text for name in PAGES]
        self.assertEqual(len(set(titles)), len(PAGES))

    def test_every_drawing_has_a_text_alternative(self):
        for name in PAGES:
            root = page(name)
            ids = {e.get('id'): e for e in root.iter() if e.get('id')}
            for svg in root.iter(SVG + 'svg'):
                if svg.get('aria-hidden') == 'true':
                    continue
                self.assertEqual(svg.get('role'), 'img')
                for part in svg.get('aria-labelledby').split():
                    self.assertGreater(len(words(ids[part])), 10, name)

    def test_no_internal_names(self):
        with open(os.path.join(ROOT, 'tests/cases/rule-book/facts.json')) as f:
            facts = json.load(f)
        names = {r['name'] for r in (facts['facts'] if isinstance(facts, dict) else facts)}
        names = {n for n in names if '_' in n}
        self.assertGreater(len(names), 30)
        for name in sorted(AS_OF):
            for word in re.findall(r'\b[a-z0-9]+(?:_[a-z0-9]+)+\b', words(page(name).find(H + 'body'))):
                self.fail((name, word))


class SaysTheSame(unittest.TestCase):
    def test_rules_with_evidence_citation_and_origin(self):
        for name in sorted(AS_OF):
            e = explain(name)
            cards = {a.get('id').split('-', 1)[1]: a for a in page(name).iter(H + 'article')}
            spoken = {r['id']: r['state'] for r in e['rules']} if e['output'] != 'none' else {}
            self.assertEqual(set(cards), set(spoken), name)
            for rule, card in cards.items():
                parts = {words(d.find(H + 'dt')): d.find(H + 'dd')
                         for d in card.iter(H + 'div') if d.find(H + 'dt') is not None}
                self.assertIn(rule, words(card.find(H + 'h4')))
                self.assertGreater(len(words(parts['Citation'])), 5, (name, rule))
                self.assertRegex(words(parts['Origin']), r'^(SOURCE|GUIDELINE|DERIVED)\b.*confidence (high|medium|low)')
                self.assertEqual('not signed off' in words(parts['Origin']), e['rule_set']['draft'])
                if spoken[rule] != 'needs-data':
                    self.assertIn('Evidence', parts, (name, rule))
                if 'Evidence' in parts:
                    self.assertTrue(parts['Evidence'].findall('.//%sa' % H), (name, rule))
                if spoken[rule] != 'fires':
                    self.assertTrue(by_class(card, 'until'), (name, rule))

    def test_glance(self):
        """Options, blocks, unknowns: each with the rules behind it, and no other."""
        for name in sorted(AS_OF):
            e = explain(name)
            cards = {c.get('class').split()[-1]: c for c in by_class(page(name), 'card') if c.tag == H + 'div'}
            if e['output'] == 'none':
                self.assertFalse(cards, name)
                self.assertIn('Nothing to say', words(page(name)))
                continue

            def rules(kind):
                return sorted({words(a) for a in cards[kind].iter(H + 'a')}) if kind in cards else []
            self.assertEqual(rules('offer'), sorted({r for a in e['activities'] for r in a['rules']}), name)
            self.assertEqual(rules('unknown'), sorted({r['id'] for r in e['rules'] if 'missing' in r}), name)
            self.assertEqual(bool(e['blocks']), 'block' in cards, name)
            if e['blocks']:
                for block in e['blocks']:
                    self.assertIn(block.replace('-', ' '), words(cards['block']).lower())
                self.assertTrue(rules('block'), name)
            for a in e['activities']:
                if 'duration_months' in a:
                    self.assertIn('%d to %d months' % tuple(a['duration_months']), words(cards['offer']), name)

    def test_facts_with_their_evidence(self):
        for name in sorted(AS_OF):
            facts = explain(name)['facts']
            for row in page(name).iter(H + 'div'):
                if not re.match(r'f\d-', row.get('id') or ''):
                    continue
                fact = facts[row.get('id').split('-', 1)[1]]
                self.assertNotIn('unknown', fact, name)
                sources = [words(s) for s in by_class(row, 'src')]
                if 'From the same data as' in words(row):
                    self.assertEqual(sources, [])
                    continue
                self.assertEqual([s.split('/_history')[0] for s in sources], fact.get('evidence', []), name)

    def test_psa_table_and_curve(self):
        for name in sorted(AS_OF):
            series = explain(name)['facts']['psa_series'].get('value', [])
            rows = [[words(c) for c in tr] for table in page(name).iter(H + 'table') for tr in table.iter(H + 'tr')][1:]
            self.assertEqual(len(rows), len(series), name)
            for row, v in zip(reversed(rows), series):
                self.assertEqual((row[0], row[2] == 'used'), (v['date'], v.get('in_fit', False)), name)
            for svg in page(name).iter(SVG + 'svg'):
                if svg.get('role') == 'img':
                    drawn = by_class(svg, 'used')
                    self.assertEqual(len(drawn), sum(v.get('in_fit', False) for v in series), name)

    def test_the_curve(self):
        drawings = [e for e in page('V049').iter(SVG + 'svg') if e.get('role') == 'img']
        self.assertEqual(len(drawings), 2)
        for drawing in drawings:
            kinds = [e.get('class') for e in drawing.iter()]
            self.assertEqual([kinds.count(k) for k in ('point used', 'fit', 'fail', 'limit', 'band')], [3, 1, 1, 2, 1])
            text = words(drawing)
            for said in ('Line at 2.3 ng/mL: nadir + 2.', 'Line at 0.3 ng/mL: nadir.', 'PSA doubling time: 19.3 months',
                         'Radiation', 'PSA, ng/mL'):
                self.assertIn(said, text)
        text = words(page('V001').find('.//' + SVG + 'svg'))
        self.assertIn('Line at 0.7 ng/mL: high risk. Line at 0.2 ng/mL: recurrence.', text)
        self.assertIn('<0.1', text)

    def test_left_out_and_edition(self):
        for name in sorted(AS_OF):
            e, text = explain(name), words(page(name))
            self.assertIn(DISCLAIMER, text)
            self.assertIn(e['rule_set']['sha256'], text)
            self.assertIn('As of %s' % e['as_of'], text)
            self.assertIn('Rules ' + e['rule_set']['version'], text)
            left = by_class(page(name), 'out')
            for issue in e['issues']:
                if issue.get('source'):
                    self.assertIn(issue['source'], words(left[0]), name)
            if e['rule_set']['draft']:
                self.assertIn('draft, not signed off', words(page(name).find('.//%sheader' % H)))

    def test_changes_are_those_of_explain(self):
        for name in sorted(AS_OF):
            why = {y['id']: y for y in explain(name)['why']}
            for change in by_class(page(name), 'changes'):
                for row in change:
                    rule = words(by_class(row, 'rule')[0])
                    said = why[rule]['would_apply_if']
                    self.assertEqual(words(row.find(H + 'dt'))[:len(said)].lower(), said.lower(), name)

    def test_rule_book(self):
        root = page('rules')
        self.assertEqual({a.get('id') for a in root.iter(H + 'article')}, RULES)
        covered = [[words(c) for c in tr] for tr in root.find(".//*[@id='coverage']").iter(H + 'tr')][1:]
        self.assertEqual([c[0] for c in covered], ['S%02d' % i for i in range(1, 23)])
        for row in covered:
            self.assertTrue(set(row[3].split(', ')) <= RULES and row[3], row)
        self.assertNotIn('{', words(root.find(H + 'body')))

    def test_measure(self):
        out = run('measure', '--format', 'summary', '--as-of', '2026-05-01', '--from', '2010-01-01', CASES)
        a, b, unknown = ({p['code']['coding'][0]['code']: p['count'] for p in g['population']}
                         for g in json.loads(out)['group'])
        rows = [[words(c) for c in tr] for tr in page('measure').iter(H + 'tr')][1:]
        n = {r[0]: int(r[1]) for r in rows}
        self.assertEqual((n['Radiation as primary treatment'], n['Failed in the period'], n['Excluded'],
                          n['Assessed for local salvage'], n['Failure unknown, or its date']),
                         (a['initial-population'], a['denominator'], a['denominator-exclusion'], a['numerator'],
                          unknown['initial-population']))
        left = a['denominator'] - a['denominator-exclusion']
        scores = [words(d) for d in by_class(page('measure'), 'figures')[0]]
        self.assertIn('%d of %d (75 %%)' % (a['numerator'], left), scores[0])
        self.assertIn('%d of %d' % (b['numerator'], left), scores[1])
        self.assertEqual(len(by_class(page('measure'), 'bar')), len(rows))


if __name__ == '__main__':
    unittest.main()
