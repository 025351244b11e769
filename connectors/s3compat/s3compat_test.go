package s3compat_test

import (
	"fmt"
	"testing"

	"gantry/connectors"
	"gantry/connectors/connectortest"
	"gantry/connectors/s3compat"
	"gantry/connectors/servers"
)

func TestConformance(t *testing.T) {
	g, err := servers.StartVersityGW(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_ACCESS_KEY", g.AccessKey)
	t.Setenv("TEST_SECRET_KEY", g.SecretKey)
	n := 0
	connectortest.Run(t, func(t *testing.T) connectortest.Site {
		n++
		bucket := fmt.Sprintf("bucket%d", n)
		if err := g.MakeBucket(t.Context(), bucket); err != nil {
			t.Fatal(err)
		}
		// The whole suite runs on s3, which is the same place by another library.
		return connectortest.Site{Slow: true, Open: func() (connectors.Place, error) {
			return s3compat.Connector().Open(t.Context(), connectors.Location{
				URL: "s3+" + g.Endpoint + "/" + bucket + "/some/prefix",
				Options: map[string]string{
					"region":    g.Region,
					"accessKey": "env:TEST_ACCESS_KEY", "secretKey": "env:TEST_SECRET_KEY",
				},
			})
		}}
	})
}
