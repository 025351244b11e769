package objectstore

import (
	"fmt"
	"net/http"

	"gantry/connectors"
)

// codes are what S3 and its kin call their errors.
var codes = map[string]connectors.Kind{
	"NoSuchKey":     connectors.KindNotFound,
	"NoSuchBucket":  connectors.KindNotFound,
	"NoSuchUpload":  connectors.KindNotFound,
	"NoSuchVersion": connectors.KindNotFound,
	"NotFound":      connectors.KindNotFound,

	"QueueDoesNotExist":                       connectors.KindNotFound, // of SQS
	"AWS.SimpleQueueService.NonExistentQueue": connectors.KindNotFound,
	"AccessDeniedException":                   connectors.KindPermission,
	"InvalidClientTokenId":                    connectors.KindAuth,
	"UnrecognizedClientException":             connectors.KindAuth,
	"RequestThrottled":                        connectors.KindBusy,
	"OverLimit":                               connectors.KindBusy,

	"AccessDenied":       connectors.KindPermission,
	"AllAccessDisabled":  connectors.KindPermission,
	"AccountProblem":     connectors.KindPermission,
	"ObjectLocked":       connectors.KindHeld,
	"InvalidObjectState": connectors.KindArchived,

	"InvalidAccessKeyId":     connectors.KindAuth,
	"SignatureDoesNotMatch":  connectors.KindAuth,
	"ExpiredToken":           connectors.KindAuth,
	"InvalidToken":           connectors.KindAuth,
	"TokenRefreshRequired":   connectors.KindAuth,
	"RequestTimeTooSkewed":   connectors.KindAuth,
	"InvalidSecurity":        connectors.KindAuth,
	"NotSignedUp":            connectors.KindAuth,
	"CredentialsNotSupplied": connectors.KindAuth,
	"XAdminUserNotFound":     connectors.KindAuth, // of versitygw, with 404

	"AuthorizationHeaderMalformed": connectors.KindInvalid,
	"PermanentRedirect":            connectors.KindInvalid,
	"TemporaryRedirect":            connectors.KindInvalid,
	"IncorrectEndpoint":            connectors.KindInvalid,
	"InvalidBucketName":            connectors.KindInvalid,
	"KeyTooLongError":              connectors.KindInvalid,
	"EntityTooLarge":               connectors.KindInvalid,
	"EntityTooSmall":               connectors.KindInvalid,
	"InvalidPart":                  connectors.KindInvalid,
	"InvalidPartOrder":             connectors.KindInvalid,
	"InvalidStorageClass":          connectors.KindInvalid,
	"MetadataTooLarge":             connectors.KindInvalid,
	"ExistingObjectIsDirectory":    connectors.KindInvalid,
	"ObjectParentIsFile":           connectors.KindInvalid,

	"SlowDown":                   connectors.KindBusy,
	"SlowDownRead":               connectors.KindBusy,
	"SlowDownWrite":              connectors.KindBusy,
	"ServiceUnavailable":         connectors.KindBusy,
	"Throttling":                 connectors.KindBusy,
	"ThrottlingException":        connectors.KindBusy,
	"RequestLimitExceeded":       connectors.KindBusy,
	"BandwidthLimitExceeded":     connectors.KindBusy,
	"TooManyRequests":            connectors.KindBusy,
	"ConditionalRequestConflict": connectors.KindBusy,
	"OperationAborted":           connectors.KindBusy,

	"BadDigest":                   connectors.KindIntegrity,
	"InvalidDigest":               connectors.KindIntegrity,
	"XAmzContentSHA256Mismatch":   connectors.KindIntegrity,
	"XAmzContentChecksumMismatch": connectors.KindIntegrity,

	"IncompleteBody":   connectors.KindIncomplete,
	"InvalidRange":     connectors.KindIncomplete,
	"RequestTimeout":   connectors.KindTimeout,
	"NotImplemented":   connectors.KindUnsupported,
	"MethodNotAllowed": connectors.KindUnsupported,

	"QuotaExceeded":              connectors.KindNoSpace,
	"XMinioStorageFull":          connectors.KindNoSpace,
	"XMinioAdminBucketQuota":     connectors.KindNoSpace,
	"InsufficientStorage":        connectors.KindNoSpace,
	"InsufficientCapacity":       connectors.KindNoSpace,
	"ExpressOneZoneStorageLimit": connectors.KindNoSpace,
	"InternalError":              connectors.KindUnavailable,
	"MalformedXML":               connectors.KindInvalid,
	"InvalidArgument":            connectors.KindInvalid,
	"InvalidRequest":             connectors.KindInvalid,
	"InvalidURI":                 connectors.KindInvalid,
	"MissingContentLength":       connectors.KindInvalid,
	"InvalidTargetObjectForCopy": connectors.KindInvalid,
}

// remedies tell what to do about some of them.
var remedies = map[string]string{
	"QueueDoesNotExist":                       "check the option events, or create the queue",
	"AWS.SimpleQueueService.NonExistentQueue": "check the option events, or create the queue",
	"AccessDeniedException":                   "grant sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue",

	"AccessDenied":           "grant the access key s3:ListBucket, s3:GetObject, s3:PutObject, s3:AbortMultipartUpload and s3:DeleteObject as needed",
	"InvalidAccessKeyId":     "check the option accessKey, or the credentials of the profile",
	"XAdminUserNotFound":     "check the option accessKey",
	"SignatureDoesNotMatch":  "check the option secretKey, and whether a proxy changes requests",
	"ExpiredToken":           "renew the session token",
	"RequestTimeTooSkewed":   "set this machine's clock",
	"CredentialsNotSupplied": "give accessKey and secretKey as env:NAME or file:PATH",
	"InvalidObjectState":     "it is archived: restore it first, which takes minutes to hours",
	"EntityTooSmall":         "send parts of at least 5 MiB; only the last may be shorter",
	"InvalidPart":            "list the parts and send the missing ones again",
	"KeyTooLongError":        "shorten the path",
	"ObjectParentIsFile":     "this store keeps objects as files: a name cannot be a file and a folder at once",
}

// unsigned is the remedy where nobody has given a key.
const unsigned = "no accessKey was given: give the options accessKey and secretKey as env:NAME or file:PATH"

// judge gives the kind of a store's answer and what to do about it.
func (p *Place) judge(op string, f *Fault) (kind connectors.Kind, remedy string) {
	switch {
	case f.Code == "NoSuchBucket":
		return connectors.KindNotFound, fmt.Sprintf("create the bucket %q, or correct the location's URL", p.config.Bucket)
	case f.Code == "PreconditionFailed" || f.Status == http.StatusPreconditionFailed:
		if op == "commit" {
			return connectors.KindExists, ""
		}
		return connectors.KindChanged, "read the listing again"
	case f.Region != "" && (f.Status/100 == 3 || f.Code == "AuthorizationHeaderMalformed"):
		return connectors.KindInvalid, fmt.Sprintf("set the option region to %s", f.Region)
	}
	if f.Status/100 == 3 && f.Elsewhere != "" {
		return connectors.KindInvalid, fmt.Sprintf("the store wants requests to go to %s: if that is right, set the option endpoint to it", f.Elsewhere)
	}
	if f.Code == "RequestTimeTooSkewed" && !f.Clock.IsZero() {
		return connectors.KindAuth, remedies[f.Code] + p.skew(f.Clock)
	}
	if p.config.Unsigned && (f.Code == "AccessDenied" || f.Code == "CredentialsNotSupplied") {
		return codes["AccessDenied"], unsigned
	}
	if kind, remedy, ok := byMessage(f); ok {
		return kind, remedy
	}
	if kind, ok := codes[f.Code]; ok {
		return kind, remedies[f.Code]
	}
	return byStatus(f.Status), ""
}

func byStatus(status int) connectors.Kind {
	switch status {
	case http.StatusNotFound:
		return connectors.KindNotFound
	case http.StatusUnauthorized:
		return connectors.KindAuth
	case http.StatusForbidden:
		return connectors.KindPermission
	case http.StatusRequestTimeout, http.StatusGatewayTimeout:
		return connectors.KindTimeout
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return connectors.KindBusy
	case http.StatusRequestedRangeNotSatisfiable:
		return connectors.KindIncomplete
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return connectors.KindUnsupported
	case http.StatusInsufficientStorage:
		return connectors.KindNoSpace
	}
	switch {
	case status >= 500:
		return connectors.KindUnavailable
	case status >= 300:
		return connectors.KindInvalid
	default:
		return connectors.KindOther
	}
}
