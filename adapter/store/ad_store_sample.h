/**
 * ad_store_sample.h: what texts look like, from the folder sample; internal to
 * adapter/store.
 *
 *	guidance.dict		a dictionary of guidance: what "zstd --train -1
 *				--maxdict=32768 --dictID=3" made of all that is
 *				said of tests/cases/vignettes-fhir
 *	guidance.json		a Bundle for one of them (V031), which took its
 *				place until layout 10
 *	resources.ndjson	resources as servers of several makers send them
 *				(US Core, mCODE); written for this, of nobody
 *	resources.head		statistics of how others are packed by them,
 *				which makes them a dictionary; see head.py
 *
 * They must never change: what was packed with them could not be read any more.
 */
#ifndef AD_STORE_SAMPLE_H
#define AD_STORE_SAMPLE_H

#include "sv_str.h"

extern const struct sv_str ad_store_sample_guidance;
extern const struct sv_str ad_store_dictionary_guidance;
extern const struct sv_str ad_store_sample_resources;
extern const struct sv_str ad_store_dictionary_resources;

#endif
