/**
 * messages.h: what a laboratory says of patient 7 after a prostatectomy, as
 * single resources, and the frame of a FHIR message.
 */
#ifndef MESSAGES_H
#define MESSAGES_H

#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"7\"}"
#define SUBJECT "\"subject\":{\"reference\":\"Patient/7\"}"
#define CANCER "{\"resourceType\":\"Condition\",\"id\":\"c\"," SUBJECT ","	\
	"\"code\":{\"coding\":[{\"system\":\"http://snomed.info/sct\","	\
	"\"code\":\"399068003\"}]},\"onsetDateTime\":\"2017-11-20\"}"
#define SURGERY "{\"resourceType\":\"Procedure\",\"id\":\"rp\"," SUBJECT ","	\
	"\"status\":\"completed\",\"code\":{\"coding\":[{\"system\":"	\
	"\"http://snomed.info/sct\",\"code\":\"26294005\"}]},"		\
	"\"performedDateTime\":\"2020-01-10\"}"
#define PSA(id, meta, status, date, value)				\
	"{\"resourceType\":\"Observation\",\"id\":\"" id "\"," meta	\
	"\"status\":\"" status "\"," SUBJECT ",\"code\":{\"coding\":[{"	\
	"\"system\":\"http://loinc.org\",\"code\":\"2857-1\"}]},"	\
	"\"effectiveDateTime\":\"" date "\",\"valueQuantity\":{\"value\":" \
	value ",\"system\":\"http://unitsofmeasure.org\",\"code\":\"ng/mL\"}}"
#define META(v) "\"meta\":{\"versionId\":\"" v "\"},"

#define MESSAGE(id, rest) "{\"resourceType\":\"Bundle\",\"type\":\"message\"," \
	"\"entry\":[{\"fullUrl\":\"urn:uuid:3f9f4b0e-7a9c-4a5e-9d0e-"	\
	"0f5a3c1b2d4e\",\"resource\":{\"resourceType\":\"MessageHeader\","	\
	"\"id\":\"" id "\",\"eventUri\":\"urn:x\",\"source\":{\"endpoint\":" \
	"\"urn:y\"}}}" rest "]}"

#endif
