package objectstore

import (
	"net/http"
	"strings"

	"gantry/connectors"
)

// A software is a kind of store, and what is known of it.
type software struct {
	name   string // "" = not known
	hosts  []string
	server string // how its header Server begins
	quirks []connectors.Quirk
}

var noTags = connectors.Quirk{
	Name: "no-tags", Meaning: "objects have no tags there: the option tags and everything that sets tags is refused by the store",
}

// kinds are the stores that differ from Amazon's in what matters to us.
var kinds = []software{
	{name: "Amazon S3", hosts: []string{".amazonaws.com", ".amazonaws.com.cn"}, server: "AmazonS3"},
	{
		name: "Cloudflare R2", hosts: []string{".r2.cloudflarestorage.com"},
		quirks: []connectors.Quirk{
			{Name: "equal-parts", Meaning: "all parts of an upload but the last have to be of one size: Gantry cuts them so"},
			noTags,
		},
	},
	{
		name: "Google Cloud Storage", hosts: []string{"storage.googleapis.com"}, server: "UploadServer",
		quirks: []connectors.Quirk{noTags},
	},
	{
		name: "Backblaze B2", hosts: []string{".backblazeb2.com"},
		quirks: []connectors.Quirk{
			noTags,
			{Name: "always-versions", Meaning: "buckets always keep versions: what is removed or replaced takes up room until a lifecycle rule deletes it"},
		},
	},
	{
		name: "Wasabi", hosts: []string{".wasabisys.com"}, server: "WasabiS3",
		quirks: []connectors.Quirk{
			{Name: "minimum-days", Meaning: "objects are paid for at least 30 or 90 days, as the contract has it, even if they are removed sooner"},
		},
	},
	{name: "MinIO", server: "MinIO"},
	{name: "Ceph Object Gateway", server: "Ceph"},
	{
		name: "versitygw", server: "VERSITYGW",
		quirks: []connectors.Quirk{
			{Name: "files", Meaning: "objects are files of a file system: a name cannot be a file and a folder at once"},
		},
	},
}

// kindOf finds the kind of a store by the host that is asked, and by the headers
// of an answer, if there is one.
func kindOf(endpoint string, h http.Header) software {
	host := bareHost(endpoint)
	for _, kind := range kinds {
		for _, suffix := range kind.hosts {
			if strings.HasSuffix(host, suffix) {
				return kind
			}
		}
	}
	server := h.Get("Server")
	for _, kind := range kinds {
		if kind.server != "" && strings.HasPrefix(server, kind.server) {
			return kind
		}
	}
	return software{name: server}
}
