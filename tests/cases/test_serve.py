#!/usr/bin/env python3
"""The service: routes and what messages mean, from outside, over TLS with client certificates."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.environ['SALVOR_SOURCE_ROOT'], 'tests/support'))
from service import Service, vignette  # noqa: E402

SALVOR = os.path.abspath(sys.argv.pop(1))


class Serve(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(SALVOR)

    @classmethod
    def tearDownClass(cls):
        cls.service.close()

    def test_a_bundle_is_stored_and_its_guidance_found(self):
        answer = self.service.post('/fhir', vignette('V004'))
        self.assertEqual(answer.status, 200, answer.text())
        self.assertEqual(answer.headers['Content-Type'], 'application/fhir+json')
        self.assertEqual(self.service.sql("SELECT count(*) FROM message WHERE fate = 0 AND method = 'POST'")[0][0], 1)
        name = self.service.sql('SELECT name FROM patient_name')[0][0]
        found = self.service.get('/fhir/CarePlan?subject=' + name, client='reader').json()
        self.assertEqual(found['type'], 'searchset')
        self.assertEqual([e['resource']['resourceType'] for e in found['entry']], ['CarePlan'])

    def test_who_may_what(self):
        self.assertEqual(self.service.get('/status', client='reader').status, 200)
        self.assertEqual(self.service.post('/fhir', vignette('V004'), client='reader').status, 403)
        self.assertEqual(self.service.get('/status', client='stranger').status, 401)
        self.assertEqual(self.service.get('/status', client=None).status, 401)
        self.assertEqual(self.service.get('/livez', client=None).status, 200)


if __name__ == '__main__':
    unittest.main()
