package function

// References names the arguments, of any function, whose value is the name of a
// document, and its kind.
var References = map[string]string{
	"partner":  "Partner",
	"profiles": "Profile",
	"rules":    "QCRules",
	"webhook":  "Webhook",
	"location": "Location",
}
