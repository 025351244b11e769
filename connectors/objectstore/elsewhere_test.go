package objectstore

import (
	"net/url"
	"testing"
)

// A signature goes on to another name of the same bucket, and to nobody else.
func TestOnlyTheSameBucketIsFollowedElsewhere(t *testing.T) {
	t.Parallel()
	const from = "https://media.s3.amazonaws.com/clip"
	for to, want := range map[string]bool{
		"https://media.s3.eu-central-1.amazonaws.com/clip":                   true,
		"https://media.s3-eu-west-1.amazonaws.com/clip":                      true,
		"https://media.s3.dualstack.eu-central-1.amazonaws.com/clip":         true,
		"https://media.s3-fips.us-gov-west-1.amazonaws.com/clip":             true,
		"https://media.s3-accelerate.amazonaws.com/clip":                     true,
		"https://s3.eu-central-1.amazonaws.com/media/clip":                   true,
		"https://s3.cn-north-1.amazonaws.com.cn/media/clip":                  true,
		"https://another.s3.eu-central-1.amazonaws.com/clip":                 false,
		"https://s3.eu-central-1.amazonaws.com/another/clip":                 false,
		"https://media.s3.eu-central-1.amazonaws.com:8443/clip":              false,
		"https://media.s3-website.eu-central-1.amazonaws.com/clip":           false,
		"https://ec2-203-0-113-9.compute-1.amazonaws.com/media/clip":         false,
		"https://media-1.eu-central-1.elb.amazonaws.com/clip":                false,
		"https://media.execute-api.eu-central-1.amazonaws.com/clip":          false,
		"https://media.s3.compute-1.amazonaws.com/clip":                      false,
		"https://media.s3.eu-central-1.amazonaws.com.evil.example/clip":      false,
		"https://media.s3.eu-central-1.evil.example/x.s3.amazonaws.com/clip": false,
	} {
		a, err := url.Parse(from)
		if err != nil {
			t.Fatal(err)
		}
		b, err := url.Parse(to)
		if err != nil {
			t.Fatal(err)
		}
		if got := sameOwner(a, b); got != want {
			t.Errorf("%s: %v", to, got)
		}
	}
}
