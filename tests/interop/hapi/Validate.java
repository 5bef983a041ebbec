import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationResult;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

/**
 * HAPI's instance validator with the definitions of R4 on every line of a file of resources.
 * usage: Validate FILE.  Prints each kind of message once, with how often, and exits 1 if there is an error
 * other than the security label AIAST, which HL7's terminology has and the copy that comes with R4 lacks.
 */
public class Validate {
    public static void main(String[] args) throws Exception {
        FhirContext r4 = FhirContext.forR4();
        ValidationSupportChain support = new ValidationSupportChain(new DefaultProfileValidationSupport(r4),
            new InMemoryTerminologyServerValidationSupport(r4), new CommonCodeSystemsTerminologyService(r4));
        FhirInstanceValidator instance = new FhirInstanceValidator(support);
        instance.setAnyExtensionsAllowed(true);
        FhirValidator validator = r4.newValidator().registerValidatorModule(instance);
        Map<String, Integer> seen = new TreeMap<>();
        int lines = 0, errors = 0, newer = 0;
        for (String line : Files.readAllLines(Path.of(args[0]))) {
            ValidationResult result = validator.validateWithResult(line);
            lines++;
            for (SingleValidationMessage m : result.getMessages()) {
                boolean error = m.getSeverity().compareTo(ResultSeverityEnum.ERROR) >= 0;
                boolean label = m.getMessage().endsWith("v3-ObservationValue#AIAST'");
                errors += error && !label ? 1 : 0;
                newer += error && label ? 1 : 0;
                String place = m.getLocationString().replaceAll("\\[\\d+\\]", "").replaceAll("/\\*.*?\\*/", "");
                String text = m.getMessage().replaceAll("[0-9a-f]{8,}[-0-9a-f]*", "…").replaceAll("e\\d+", "e#");
                seen.merge(m.getSeverity() + " " + place + " " + text, 1, Integer::sum);
            }
        }
        seen.forEach((k, n) -> System.out.println(n + " " + k));
        System.out.println(lines + " resources, " + errors + " errors, " + newer + " labels newer than R4");
        System.exit(errors > 0 ? 1 : 0);
    }
}
