#!/usr/bin/env python3
"""A site's changes to the rule book and its sign-off: salvor, from outside."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SALVOR = os.path.abspath(sys.argv.pop(1))
ROOT = os.environ['SALVOR_SOURCE_ROOT']
V004 = os.path.join(ROOT, 'tests/cases/vignettes-fhir/V004.json')


def run(*args):
    p = subprocess.run([SALVOR, *args], capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout, p.stderr


def evaluate(*args):
    return run('evaluate', '--as-of', '2026-05-01', '--recorded', '2026-05-01T08:00:00Z', *args, V004)


def quantity(value, code):
    return {'name': 'value', 'valueQuantity': {'value': value, 'unit': code, 'system': 'http://unitsofmeasure.org',
                                               'code': code}}


def change(name, key, word, *more, reason='tumour board 2026-10-01'):
    parts = [{'name': key, 'valueCode': word}, *more]
    if reason:
        parts.append({'name': 'reason', 'valueString': reason})
    return {'name': name, 'part': parts}


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, *parameters):
        path = os.path.join(self.folder.name, name + '.json')
        with open(path, 'w') as f:
            json.dump({'resourceType': 'Parameters', 'id': name, 'parameter': parameters}, f)
        return path

    def explain(self, *args):
        code, out, err = evaluate('--format', 'explain', *args)
        self.assertEqual((code, err), (0, ''))
        return json.loads(out)

    def test_a_change_is_made_and_shown(self):
        plain = self.explain()
        site = self.file('site', change('set', 'parameter', 'bcr_psa', quantity(0.5, 'ng/mL')),
                         change('switch-off', 'rule', 'PRO-EAU-01'))
        changed = self.explain('--site', site)
        self.assertNotEqual(plain['rule_set']['sha256'], changed['rule_set']['sha256'])
        self.assertEqual(changed['rule_set']['version'],
                         '0.1.0+site.' + changed['rule_set']['sha256'][:8])
        self.assertIn('PRO-EAU-01', [r['id'] for r in plain['rules']])
        self.assertNotIn('PRO-EAU-01', [r['id'] for r in changed['rules']])
        self.assertIs(plain['facts']['bcr_after_rp']['value'], True)
        self.assertIsNot(changed['facts']['bcr_after_rp'].get('value'), True)
        site = self.file('site', change('set', 'parameter', 'high_risk_psa', quantity(0.9, 'ng/mL')),
                         change('switch-off', 'rule', 'PRO-EAU-01'))
        for form in ('text', 'bundle', 'html'):
            out = ' '.join(evaluate('--format', form, '--site', site)[1].split())
            self.assertIn('parameter high_risk_psa changed from 0.7 to 0.9 ng/mL (tumour board 2026-10-01)', out)
            self.assertIn('rule PRO-EAU-01 switched off (tumour board 2026-10-01)', out)

    def test_a_sentence_says_the_number_of_the_site(self):
        out = ' '.join(run('rules', '--site', self.file(
            'site', self.set('life_expectancy_short', 7, 'a'), self.set('bcr_psa', 0.4, 'ng/mL'),
            self.set('phoenix_rise', 1.5, 'ng/mL')))[1].split())
        for said in ('Life expectancy of 7 years or less', 'Recorded life expectancy is 7 years or less',
                     'Recorded life expectancy is above 7 and at most 10 years', 'PSA is >=0.4 ng/mL',
                     '(two values >=0.4 ng/mL)', 'PSA rose to nadir + 1.5 ng/mL'):
            self.assertIn(said, out)
        self.assertNotIn("{b", out)

    def test_the_hash_does_not_depend_on_the_place_of_the_file(self):
        one = self.file('site', change('switch-off', 'rule', 'PRO-EAU-01'))
        other = os.path.join(self.folder.name, 'elsewhere.json')
        with open(one, 'rb') as a, open(other, 'wb') as b:
            b.write(a.read())
        self.assertEqual(self.explain('--site', one), self.explain('--site', other))

    def test_a_change_that_cannot_be_made_stops_everything(self):
        for bad, hint in (
                (change('set', 'parameter', 'bcr', quantity(1, 'ng/mL')), "No parameter has the name 'bcr'"),
                (change('set', 'parameter', 'bcr_psa', quantity(1, 'mo')), "the code 'ng/mL'"),
                (change('set', 'parameter', 'bcr_psa', quantity(0.4, 'ng/mL'), reason=''), "'reason'"),
                (change('set', 'parameter', 'bcr_psa'), "'value'"),
                (change('switch-off', 'rule', 'PRO-XX-99'), "No rule has the id 'PRO-XX-99'"),
                ({'name': 'swich-off'}, "'switch-off'")):
            code, out, err = evaluate('--site', self.file('site', bad))
            self.assertEqual((code, out), (3, ''), hint)
            self.assertIn(hint, err)
            self.assertIn('site.json: Parameters.parameter[0]', err)

    def sign(self, sha256):
        return self.file('sign-off', {'name': 'by', 'valueString': 'Dr A. Example'},
                         {'name': 'on', 'valueInstant': '2026-11-24T08:00:00Z'},
                         {'name': 'sha256', 'valueString': sha256})

    def test_a_sign_off_holds_for_its_hash_only(self):
        plain = self.explain()
        self.assertIs(plain['rule_set']['draft'], True)
        signed = self.sign(plain['rule_set']['sha256'])
        rules = self.explain('--sign-off', signed)['rule_set']
        self.assertEqual((rules['draft'], rules['signed_off_by'], rules['sha256']),
                         (False, 'Dr A. Example', plain['rule_set']['sha256']))
        for form in ('text', 'bundle'):
            out = ' '.join(evaluate('--format', form, '--sign-off', signed)[1].split())
            self.assertIn('(signed off by Dr A. Example, 2026-11-24T08:00:00Z)', out)
            self.assertNotIn('not signed off', out)
        site = self.file('site', change('switch-off', 'rule', 'PRO-EAU-01'))
        self.assertIs(self.explain('--sign-off', signed, '--site', site)['rule_set']['draft'], True)
        out = ' '.join(evaluate('--format', 'text', '--sign-off', signed, '--site', site)[1].split())
        self.assertIn('not signed off: changed since the sign-off by Dr A. Example', out)

    def test_drafts_can_be_kept_out(self):
        site = self.file('site', {'name': 'draft-rules', 'valueCode': 'off'})
        code, out, err = evaluate('--site', site)
        self.assertEqual((code, out), (3, ''))
        self.assertIn('no rule is', err)
        on = self.file('site', {'name': 'draft-rules', 'valueCode': 'on'})
        self.assertIs(self.explain('--site', on)['rule_set']['draft'], True)

    def test_a_site_that_keeps_drafts_out_signs_and_is_seen(self):
        off = self.file('site', {'name': 'draft-rules', 'valueCode': 'off'})
        code, signed, err = run('rules', '--site', off, '--sign', 'Dr A', '--recorded', '2026-11-24T08:00:00Z')
        self.assertEqual((code, err), (0, ''))
        path = os.path.join(self.folder.name, 'signed.json')
        with open(path, 'w') as f:
            f.write(signed)
        rules = self.explain('--site', off, '--sign-off', path)['rule_set']
        self.assertRegex(rules['version'], r'^0\.1\.0\+site\.[0-9a-f]{8}$')
        self.assertEqual((rules['draft'], rules['signed_off_by'], rules['signed_off_on']),
                         (False, 'Dr A', '2026-11-24T08:00:00Z'))

    def set(self, name, value, code):
        q = {'value': value, **({'code': code} if code else {})}
        return change('set', 'parameter', name, {'name': 'value', 'valueQuantity': q})

    def refused(self, *changes):
        """What is told of a site file that changes nothing."""
        code, out, err = evaluate('--site', self.file('site', *changes))
        self.assertEqual((code, out), (3, ''))
        self.assertEqual(err.count('\n'), 1, err)
        return err

    def parameters(self):
        """Name, default, low, high, unit, and whether it is counted; of every row of K1.9."""
        with open(os.path.join(ROOT, 'conf/rules/parameters.json')) as f:
            parameters = json.load(f)['parameter']
        with open(os.path.join(ROOT, 'core/core_params.h')) as f:
            known = re.findall(r'X\([A-Z0-9_]+, "(\w+)",.*?(WHOLE|EXACT)', f.read())
        self.assertEqual([p['name'] for p in parameters], [name for name, _ in known])
        for p, (_, kind) in zip(parameters, known):
            x = {e['url'].rsplit('/', 1)[1]: e for e in p['extension']}
            r, q = x['allowed-range']['valueRange'], p['valueQuantity']
            yield p['name'], q['value'], r['low']['value'], r['high']['value'], q.get('code'), kind == 'WHOLE'

    def test_every_parameter_can_be_changed_within_its_range_and_is_shown(self):
        versions, names = set(), []
        for name, value, low, high, code, _ in self.parameters():
            self.assertLess(low, high)
            self.assertTrue(low <= value <= high, name)
            # The end of its range that is not its default, and not beyond a parameter that goes with it.
            new = low if value != low else high
            if name in ('life_expectancy_long', 'psadt_wide_window_days'):
                new = high
            rules = self.explain('--site', self.file('site', self.set(name, new, code)))['rule_set']
            self.assertRegex(rules['changed_by_site'][0], r'^parameter %s changed from [0-9.]+ to [0-9.]+' % name)
            versions.add(rules['version'])
            names.append(name)
        self.assertEqual(len(versions), len(names))

    def test_no_parameter_leaves_its_range(self):
        """One message, with the place and all that is allowed."""
        for name, value, low, high, code, whole in self.parameters():
            step = 1 if whole else 0.001
            out = [round(high + step, 3)] + ([round(low - step, 3)] if low > 0 else []) + ([low + 0.5] if whole else [])
            err = self.refused(*[self.set(name, v, code) for v in out[:1]])
            unit = ' ' + code if code else ''
            told = '%s must not be %s%s: allowed is %s%s to %s%s (' % (
                name, out[0], unit, 'a whole number from ' if whole else '', low, high, unit)
            self.assertIn('site.json: Parameters.parameter[0].part[1].valueQuantity: ' + told, err)
            for v in out[1:]:
                self.assertIn(name + ' must not be ', self.refused(self.set(name, v, code)))

    def test_slips_that_a_safety_officer_thinks_of(self):
        for name, value, code in (('phoenix_rise', 200, 'ng/mL'), ('phoenix_rise', 0.2, 'ng/mL'),
                                  ('phoenix_rise', -2, 'ng/mL'), ('bcr_psa', 2, 'ng/mL'), ('bcr_psa', 0, 'ng/mL'),
                                  ('high_risk_grade_group', 1, ''), ('multiple_features', 0, ''),
                                  ('psadt_min_points', 2, ''), ('life_expectancy_short', 0, 'a'),
                                  ('staging_stale_days', 1800, 'd'), ('days_per_month', 12, 'd'),
                                  ('current_psa_stale_days', 1e15, 'd')):
            self.assertIn(name + ' must not be ', self.refused(self.set(name, value, code)))

    def test_a_comparator_or_another_unit_is_no_value(self):
        for q in ({'value': 2, 'code': 'ng/mL', 'comparator': '<'}, {'value': 2, 'code': 'ng/dL'}, {'value': 2}):
            err = self.refused(change('set', 'parameter', 'phoenix_rise', {'name': 'value', 'valueQuantity': q}))
            self.assertIn("phoenix_rise is a valueQuantity with the code 'ng/mL'", err)

    def test_parameters_that_go_together_keep_their_order(self):
        for sets, told in (
                ((('life_expectancy_short', 10, 'a'), ('life_expectancy_long', 9, 'a')),
                 'parameter[0].part[1]: life_expectancy_short (10) must not be above life_expectancy_long (9).'),
                ((('persistence_from_days', 50, 'd'), ('persistence_to_days', 49, 'd')),
                 'parameter[0].part[1]: persistence_from_days (50) must not be above persistence_to_days (49).'),
                ((('bcr_psa', 0.1, 'ng/mL'), ('persistence_psa', 0.11, 'ng/mL')),
                 'parameter[1].part[1]: persistence_psa (0.11) must not be above bcr_psa (0.1).'),
                ((('psadt_wide_window_days', 366, 'd'), ('psadt_window_days', 367, 'd')),
                 'parameter[1].part[1]: psadt_window_days (367) must not be above psadt_wide_window_days (366).'),
                ((('no_failure_stale_days', 183, 'd'), ('current_psa_stale_days', 184, 'd')),
                 'current_psa_stale_days (184) must not be above no_failure_stale_days (183).')):
            self.assertIn(told, self.refused(*[self.set(*x) for x in sets]))
        # The other one is the site's: it is told there.
        err = self.refused(self.set('no_failure_stale_days', 183, 'd'), self.set('life_expectancy_long', 5, 'a'),
                           self.set('psadt_wide_window_days', 365, 'd'), self.set('persistence_to_days', 42, 'd'),
                           self.set('psadt_min_span_days', 184, 'd'), self.set('psadt_window_days', 183, 'd'))
        self.assertIn('parameter[4].part[1]: psadt_min_span_days (184) must not be above psadt_window_days (183).', err)
        err = self.refused(self.set('bcr_psa', 0.1, 'ng/mL'), self.set('psadt_window_days', 730, 'd'),
                           self.set('psadt_wide_window_days', 729, 'd'))
        self.assertIn('psadt_window_days (730)', err)

    def test_the_rule_book_signs_itself(self):
        code, out, err = run('rules', '--sign', 'Dr "A" Example', '--recorded', '2026-11-24T08:00:00Z')
        self.assertEqual((code, err), (0, ''))
        path = os.path.join(self.folder.name, 'signed.json')
        with open(path, 'w') as f:
            f.write(out)
        off = self.file('site', {'name': 'draft-rules', 'valueCode': 'off'})
        self.assertIs(self.explain('--sign-off', path)['rule_set']['draft'], False)
        self.assertEqual(evaluate('--sign-off', path, '--site', off)[0], 3, 'a site file changes the hash')
        sha256 = run('rules', '--site', self.file('site', {'name': 'draft-rules', 'valueCode': 'on'}), '--sign', 'x')
        self.assertNotEqual(json.loads(sha256[1])['parameter'][2], json.loads(out)['parameter'][2])


class Configured(unittest.TestCase):
    """Runs on a changed copy of conf/."""
    as_of = '2026-12-01'

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def conf(self, *edits):
        """A copy of conf/ with texts replaced: (file of rules/, old, new)."""
        self.folder.cleanup()
        self.folder = tempfile.TemporaryDirectory()
        conf = os.path.join(self.folder.name, 'conf')
        shutil.copytree(os.path.join(ROOT, 'conf'), conf, symlinks=False,
                        ignore=shutil.ignore_patterns('cases'))
        for name, old, new in edits:
            path = os.path.join(conf, 'rules', name)
            with open(path) as f:
                text = f.read()
            self.assertIn(old, text)
            with open(path, 'w') as f:
                f.write(text.replace(old, new, 1))
        return conf

    def check(self, conf, *args):
        return run('check', '--as-of', self.as_of, '--conf', conf, '--cases', os.path.join(ROOT, 'tests/cases'), *args)

    def copy(self, *edits):
        return self.check(self.conf(*edits))


SNOMED = 'http://snomed.info/sct'


class Terminology(Configured):
    """A site's own codes: ConceptMaps beside the published ones."""

    def local(self, *elements, name='local', role='condition', source=SNOMED, purpose='codes of our laboratory'):
        return {'resourceType': 'ConceptMap', 'id': name, 'url': 'https://clinic.example/ConceptMap/' + name,
                'status': 'active', 'purpose': purpose,
                'extension': [{'url': 'https://salvor.example/StructureDefinition/code-role', 'valueCode': role}],
                'group': [{'source': source, 'element': list(elements)}]}

    def element(self, code, target, equivalence='equivalent', replaces=None, **more):
        e = {'code': code, 'target': [{'code': target, 'equivalence': equivalence}], **more}
        if replaces:
            e['extension'] = [{'url': 'https://salvor.example/StructureDefinition/replaces-mapping',
                               'valueString': replaces}]
        return e

    def with_files(self, *maps):
        conf = self.conf()
        for m in maps:
            with open(os.path.join(conf, 'terminology', m['id'] + '.json'), 'w') as f:
                json.dump(m, f)
        return conf

    def explain(self, conf):
        code, out, err = evaluate('--format', 'explain', '--conf', conf)
        self.assertEqual((code, err), (0, ''))
        return json.loads(out)

    def test_two_files_that_contradict_each_other_stop_everything(self):
        for name in ('a-first', 'z-last'):      # the order of names decides nothing
            conf = self.with_files(self.local(self.element('399068003', 'crpc'), name=name))
            for code, out, err in (evaluate('--conf', conf), self.check(conf)):
                self.assertEqual((code, out), (3, ''))
                self.assertRegex(err, name + r"\.json: ConceptMap\.group\[0\]\.element\[0\]|"
                                 r"conditions\.json: ConceptMap\.group\[0\]\.element\[\d+\]")
                for word in (name + '.json', 'conditions.json', "'crpc'", "'prostate-cancer'", 'replaces-mapping'):
                    self.assertIn(word, err)
                self.assertEqual(err.count('\n'), 1)

    def test_contradictions_of_two_local_files_and_within_one(self):
        one, other = self.element('X1', 'crpc'), self.element('X1', 'prostate-cancer')
        for maps in ((self.local(one, other, source='urn:x'),),
                     (self.local(one, source='urn:x'), self.local(other, name='more', source='urn:x'))):
            code, _, err = self.check(self.with_files(*maps))
            self.assertEqual(code, 3)
            self.assertIn("Here X1 means ", err)
        both = self.local(one, source='urn:x'), self.local(one, name='more', source='urn:x')
        self.assertEqual(self.check(self.with_files(*both))[0], 0)       # they agree

    def test_a_code_system_by_another_name_is_the_same(self):
        conf = self.with_files(self.local(self.element('C61', 'crpc'), source='urn:oid:2.16.840.1.113883.6.90'))
        self.assertIn('Here C61 means', self.check(conf)[2])

    def test_a_site_overrules_openly(self):
        plain = self.explain(self.conf())['rule_set']
        conf = self.with_files(self.local(self.element('399068003', 'crpc', replaces='coded so here, board 2026-10')))
        e = self.explain(conf)
        self.assertIs(e['facts']['crpc_documented']['value'], True)
        self.assertNotEqual(e['rule_set']['sha256'], plain['sha256'])
        self.assertEqual(e['rule_set']['version'], '0.1.0+site.' + e['rule_set']['sha256'][:8])
        self.assertIn("code 399068003 mapped anew to 'crpc' (equivalent)", e['rule_set']['changed_by_site'])
        conf = self.with_files(self.local(self.element('126906006', 'prostate-cancer',
                                                       replaces='coded so here, board 2026-10')))
        for form in ('text', 'bundle', 'html'):
            out = ' '.join(evaluate('--conf', conf, '--format', form)[1].split())
            self.assertIn('(coded so here, board 2026-10)', out)
            self.assertIn('(codes of our laboratory)', out)

    def test_an_addition_is_seen_too(self):
        conf = self.with_files(self.local(self.element('L-77', 'crpc'), source='https://clinic.example/codes'))
        e = self.explain(conf)['rule_set']
        self.assertEqual(e['changed_by_site'], ['1 codes mapped by local.json: ConceptMap'])
        self.assertIn('+site.', e['version'])
        self.assertIn('no errors, 0 warnings', self.check(conf)[1])

    def test_an_override_needs_a_reason_and_something_to_replace(self):
        for m, hint in ((self.local(self.element('L-77', 'crpc', replaces='x'), source='urn:x'), 'nothing that'),
                        (self.local(self.element('L-77', 'crpc'), purpose=''), 'purpose')):
            code, _, err = self.check(self.with_files(m))
            self.assertEqual(code, 3)
            self.assertIn(hint, err)
            self.assertIn('local.json: ConceptMap', err)

    def test_lints(self):
        at = 'local.json: ConceptMap.group[0]'
        for m, level, hint in (
                (self.local(self.element('369774004', 'crpc')), 'error', at + '.element[0].code: There is no code'),
                (self.local(self.element('2857-2', 'psa'), role='observation', source='http://loinc.org'), 'error',
                 at + '.element[0].code: There is no code'),
                (self.local(self.element('X', 'crpc'), source='snomed'), 'error', at + '.source: A group needs'),
                (self.local(self.element('X', 'crpc'), source='https://snomed.info/sct'), 'warning',
                 at + '.source: https://snomed.info/sct is not the URI'),
                (self.local(self.element('399068003', 'prostate-cancer', display='Malignant tumor of prostate')),
                 'warning', at + '.element[0].display: Display texts of this code system belong to the SNOMED'),
                (self.local(self.element('94503003', 'prostate-cancer', replaces='we code so')), 'warning',
                 at + '.element[0]: conditions.json: ConceptMap refuses this code')):
            _, out, err = self.check(self.with_files(m))
            self.assertIn('%s: %s' % (level, hint), out, err)
        code, _, err = self.check(self.with_files(self.local(self.element('X', 'no-such-concept'), source='urn:x')))
        self.assertEqual(code, 3)
        self.assertIn(at + '.element[0]: The element needs', err)

    def test_what_must_be_refused_is_refused(self):
        """terminology.md: look-alikes, other analytes, simple prostatectomy; and codes not seen in any source."""
        maps = {}
        for path in glob.glob(os.path.join(ROOT, 'conf/terminology/*.json')):
            with open(path) as f:
                m = json.load(f)
            maps[m['id']] = {e['code']: e['target'][0]['equivalence'] for g in m['group'] for e in g['element']}
        for name, codes in (
                ('conditions', '94503003 369485004 92691004 D07.5'),
                ('observations', '10886-0 19201-3 12841-3 33667-7 15323-9 15324-7 15325-4 10508-0 34611-4 19199-9 '
                                 '19198-1 19200-5 47738-0 59221-2 59223-8 59230-3'),
                ('procedures', '36253005 90199006 38915000 10492003 228701001 870379008 782702001')):
            for code in codes.split():
                self.assertIn(maps[name].get(code, 'disjoint'), ('disjoint', 'unmatched'), code)
        unverified = '0VT34ZZ 54520 54530 1622 3041 L01CB01 L01AA06 L01CA01'.split()
        self.assertFalse([c for m in maps.values() for c in unverified if c in m])


class Check(Configured):
    def test_the_rule_book_is_clean(self):
        code, out, err = self.copy()
        self.assertEqual((code, err), (0, ''), out)
        self.assertIn('no errors, 0 warnings; 125 cases, 0 changed', out)

    def test_the_name_of_a_variable_is_one_in_r4_and_in_fhirpath(self):
        for name in ('prostate_scope', 'prostate-scope', 'prostate.scope', '2prostates', '', 'p' * 65,
                     'lymphoma', 'bcr_psa', 'rpFailure'):
            code, _, err = self.copy(('prostate-after-prostatectomy.json', '"prostateScope"', '"%s"' % name))
            self.assertEqual(code, 3)
            self.assertIn('prostate-after-prostatectomy.json: PlanDefinition.extension[%d].valueExpression: The name of '
                          "a variable, '%s'," % (name == 'rpFailure', name), err)
        name = 'p' * 64
        with open(os.path.join(ROOT, 'conf/rules/prostate-nodal.json')) as f:
            uses = f.read().count('prostateScope')
        self.assertEqual(self.copy(*[('prostate-nodal.json', 'prostateScope', name)] * uses)[0], 0)

    def test_a_sentence_names_parameters_that_there_are(self):
        code, _, err = self.copy(('prostate-after-prostatectomy.json', '{early_salvage_psa}', '{early_salvage}'))
        self.assertEqual(code, 3)
        self.assertRegex(err, r'prostate-after-prostatectomy\.json: PlanDefinition\.action\[6\]: '
                              r"No parameter has the name 'early_salvage'")

    def test_no_number_of_a_sentence_is_written_twice(self):
        """A sentence with a number says the parameter's; what is left is fixed by the source."""
        fixed = ('4-6 months', '18-24 months', '5-10 years', 'Grade Group 2 and higher', '(1-{', 'CD19', 'pN0')
        for path in glob.glob(os.path.join(ROOT, 'conf/rules/*.json')):
            with open(path) as f:
                plan = json.load(f)
            for rule in plan.get('action', []):
                for said in (rule['title'], rule['textEquivalent']):
                    rest = said
                    for words in fixed:
                        rest = rest.replace(words, '')
                    self.assertNotRegex(rest, r'[0-9]|\b(two|three|five) or\b', said)

    def test_a_parameter_says_what_it_is_and_may_be(self):
        sd = 'https://salvor.example/StructureDefinition/'
        told = ': Parameters.parameter[0]: high_risk_psa needs its meaning, origin, confidence and allowed-range'
        for old, new in (('meaning"', 'meaningg"'), ('SOURCE', 'HEARSAY'), ('"high"', '"absolute"'),
                         ('allowed-range', 'allowed'), ('"low": {', '"lo": {'), ('"high": {', '"hi": {'),
                         ('"low": { "value": 0.2, "unit": "ng/mL", "system": "http://unitsofmeasure.org", "code": '
                          '"ng/mL" }', '"low": { "value": 0.2 }'), ('"low": { "value": 0.2', '"low": { "value": -1')):
            code, _, err = self.copy(('parameters.json', old, new))
            self.assertEqual(code, 3)
            self.assertIn('parameters.json' + told, err, (old, new))
        code, _, err = self.copy(('parameters.json', '"value": 0.7', '"value": 2.1'))
        self.assertEqual(code, 3)
        self.assertIn('parameters.json: Parameters.parameter[0].valueQuantity: high_risk_psa must not be 2.1 ng/mL', err)
        code, _, err = self.copy(('parameters.json', sd + 'at-most", "valueCode": "bcr_psa"',
                                  sd + 'at-most", "valueCode": "bcr"'))
        self.assertIn("No parameter has the name 'bcr'", err)

    def test_an_edited_parameter_shows_what_changed(self):
        code, out, _ = self.copy(('parameters.json', '"value": 0.7', '"value": 0.71'))
        self.assertEqual(code, 3)
        self.assertRegex(out, r'case V\d+: PRO-RP-03 was fires, is now silent')

    def test_a_review_that_is_due_is_a_warning(self):
        self.as_of = '2027-11-25'
        code, out, _ = self.copy()
        self.assertEqual(code, 0)
        self.assertIn('was to be reviewed by 2027-11-24', out)
        self.assertIn('1 warnings', out)

    def test_lints(self):
        for edit, hint in (
                (('lymphoma.json', '"%lymphoma and ', '"%lymphoma and %lymphoma.not() and '),
                 'lymphoma.json: PlanDefinition.action[0].condition[0].expression: No combination of facts'),
                (('lymphoma.json', 'Transplant centre assessment.', 'Start 40 Gy.'), "PlanDefinition.action[0].textEquivalent: It says 'gy'"),
                (('lymphoma.json', 'Transplant centre assessment.', 'Start it.'), "says 'start'"),
                (('lymphoma.json', '"S16"', '"S99"'), 'no source statement S99')):
            code, out, _ = self.copy(edit)
            self.assertEqual(code, 3)
            self.assertIn(hint, out)

    def test_every_error_is_told_with_its_place_at_once(self):
        code, out, err = self.copy(
            ('lymphoma.json', '"%lymphoma and ', '"%lymphoma annd '),
            ('germ-cell.json', 'germ_cell_tumour and', 'no_such_fact and'),
            ('seminoma.json', 'Seminoma relapse', 'Prescribe this: seminoma relapse'))
        self.assertEqual(code, 3)
        self.assertRegex(err, r'lymphoma\.json: PlanDefinition\.action\[0\]\.condition\[0\]\.expression\.expression: '
                         r'at character 11: ')
        self.assertRegex(err, r'germ-cell\.json: PlanDefinition\.action\[0\].*: at character 2: no fact')
        self.assertEqual(err.count('\n'), 2)
        self.assertIn("says 'prescribe'", out)      # the lint runs all the same

    def test_what_loading_refuses(self):
        for edit, hint in (
                (('lymphoma.json', '"documentation"', '"documentatino"'), 'A rule needs a citation'),
                (('lymphoma.json', '"valueCode": "SOURCE"', '"valueCode": "GUIDELIN"'), 'rule-kind, origin,')):
            code, _, err = self.copy(edit)
            self.assertEqual(code, 3)
            self.assertIn('lymphoma.json: PlanDefinition.action[0]: ' + hint, err)

    def test_a_block_by_a_guideline_is_refused(self):
        conf = self.conf()
        path = os.path.join(conf, 'rules/prostate-after-radiation.json')
        with open(path) as f:
            plan = json.load(f)
        sd = 'https://salvor.example/StructureDefinition/'
        for n, rule in enumerate(plan['action']):
            if any(x['url'] == sd + 'blocks' for x in rule['extension']):
                break
        for x in rule['extension']:
            if x['url'] == sd + 'origin':
                x['valueCode'] = 'GUIDELINE'
        with open(path, 'w') as f:
            json.dump(plan, f)
        code, _, err = self.check(conf)
        self.assertEqual(code, 3)
        self.assertIn('prostate-after-radiation.json: PlanDefinition.action[%d]: Only a rule of origin SOURCE' % n, err)

    def test_a_sign_off_of_another_rule_set_is_an_error(self):
        conf = self.conf()
        path = os.path.join(conf, 'sign-off.json')
        signed = run('rules', '--conf', conf, '--sign', 'Dr A')[1]
        with open(path, 'w') as f:
            f.write(signed)
        self.assertIn('no errors', self.check(conf)[1])
        with open(os.path.join(conf, 'terminology/values.json'), 'a') as f:
            f.write('\n')
        code, out, _ = self.check(conf)
        self.assertEqual(code, 3)
        self.assertIn('error: sign-off.json: signed off by Dr A was the rule set with sha256 ', out)


class Token(unittest.TestCase):
    def test_a_token_file_that_others_can_read_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'token')
            with open(path, 'w') as f:
                f.write('secret')
            for mode, refused in ((0o644, True), (0o640, True), (0o620, True), (0o600, False), (0o400, False)):
                os.chmod(path, mode)
                code, _, err = run('evaluate', '--as-of', '2026-05-01', '--post', 'https://127.0.0.1:1/fhir',
                                   '--token-file', path, V004)
                self.assertEqual('chmod 600' in err, refused, oct(mode))
                self.assertEqual(code, 3 if refused else 4)


class Manual(unittest.TestCase):
    def test_help_and_manual_know_the_same_options(self):
        with open(os.path.join(ROOT, 'adapter/man/salvor.1')) as f:
            manual = set(re.findall(r'^\.It Fl Fl ([a-z-]+)', f.read(), re.M))
        self.assertEqual(manual, set(re.findall(r'--([a-z][a-z-]*)', run('--help')[1])))


class Book(unittest.TestCase):
    def test_every_rule_is_told_in_every_form(self):
        with open(os.path.join(ROOT, 'tests/cases/rule-book/rules.json')) as f:
            ids = [r['id'] for r in json.load(f)['rules']]
        for form in ('text', 'md', 'html'):
            code, out, err = run('rules', '--format', form, '--cases', os.path.join(ROOT, 'tests/cases'))
            self.assertEqual((code, err), (0, ''))
            for rule in ids:
                self.assertRegex(out, rule + ' +[A-Z]')
            self.assertEqual(out.count('Cases in which it fires'), len(ids))
            self.assertNotIn('NOT COVERED', out)
            self.assertIn('not signed off', out)

    def test_every_number_is_told(self):
        with open(os.path.join(ROOT, 'conf/rules/parameters.json')) as f:
            names = [p['name'] for p in json.load(f)['parameter']]
        with tempfile.TemporaryDirectory() as folder:
            site = os.path.join(folder, 'site.json')
            with open(site, 'w') as f:
                json.dump({'resourceType': 'Parameters', 'id': 'site', 'parameter': [
                    change('set', 'parameter', 'bcr_psa', quantity(0.4, 'ng/mL'))]}, f)
            for form, range_ in (('text', 'set 0.1 to 0.5.'), ('md', 'set 0.1 to 0.5.'), ('html', '<td>0.1 to 0.5</td>')):
                out = run('rules', '--format', form, '--site', site)[1].replace('\\_', '_')
                numbers = out[out.rindex('The numbers that rules and facts use'):]
                numbers = ' '.join(numbers[:numbers.index('Which statement')].split())
                for name in names:
                    self.assertIn(name, numbers)
                self.assertIn('0.4 ng/mL, set by this site', numbers)
                self.assertEqual(numbers.count('set by this site'), 1)
                self.assertIn(range_, numbers)
                self.assertIn('GUIDELINE, confidence high', numbers)

    def test_a_condition_is_in_words(self):
        out = ' '.join(run('rules')[1].split())
        self.assertIn('When: prostate cancer that is not castration-resistant AND radical prostatectomy as primary '
                      'treatment AND biochemical recurrence after prostatectomy AND no distant metastasis', out)
        self.assertIn('biopsy-confirmed local recurrence is not known', out)

    def test_html_is_well_formed(self):
        import xml.dom.minidom
        out = run('rules', '--format', 'html')[1]
        body = out[out.index('<body>'):out.index('</html>')]
        xml.dom.minidom.parseString(body)
        self.assertNotIn('<script', out)

    def test_a_statement_without_a_rule_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            site = os.path.join(folder, 'site.json')
            with open(site, 'w') as f:
                json.dump({'resourceType': 'Parameters', 'id': 'site', 'parameter': [
                    change('switch-off', 'rule', 'LYM-01')]}, f)
            out = ' '.join(run('rules', '--site', site)[1].split())
        self.assertIn('S16: NOT COVERED', out)
        self.assertIn('rule LYM-01 switched off', out)


if __name__ == '__main__':
    unittest.main()
