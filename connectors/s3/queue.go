package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"gantry/connectors"
	"gantry/connectors/objectstore"
)

// An address is where a queue of SQS is asked.
type address struct {
	url, endpoint, region string
}

var (
	queueARN  = regexp.MustCompile(`^arn:(aws[a-z-]*):sqs:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_-]{1,80}(?:\.fifo)?)$`)
	queueHost = regexp.MustCompile(`^sqs(?:-fips)?\.([a-z0-9-]+)\.`)
)

// readQueue reads the option events: the URL of a queue, or its ARN.
func readQueue(value string) (a address, err error) {
	if parts := queueARN.FindStringSubmatch(value); parts != nil {
		suffix := "amazonaws.com"
		if parts[1] == "aws-cn" {
			suffix += ".cn"
		}
		a.region = parts[2]
		a.endpoint = fmt.Sprintf("https://sqs.%s.%s", a.region, suffix)
		a.url = a.endpoint + "/" + parts[3] + "/" + parts[4]
		return a, nil
	}
	u, err := url.Parse(value)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.Trim(u.Path, "/") == "" || u.RawQuery != "" || u.User != nil {
		return a, &connectors.Error{
			Kind: connectors.KindInvalid, Op: "read option", Path: "events", Err: errors.New("it is neither the URL nor the ARN of a queue"),
			Remedy: "write https://sqs.eu-central-1.amazonaws.com/111122223333/queue or arn:aws:sqs:eu-central-1:111122223333:queue",
		}
	}
	a.url, a.endpoint = value, u.Scheme+"://"+u.Host
	if parts := queueHost.FindStringSubmatch(u.Host); parts != nil {
		a.region = parts[1]
	}
	return a, nil
}

// queueOf makes the client of a queue, with the credentials of the place.
func queueOf(value string, cfg aws.Config, transport *http.Transport, limits objectstore.Limits, place *objectstore.Place) (*queue, error) {
	a, err := readQueue(value)
	if err != nil {
		return nil, err
	}
	api := sqs.NewFromConfig(cfg, func(o *sqs.Options) {
		o.HTTPClient = &http.Client{Transport: objectstore.Heed(transport), CheckRedirect: stay}
		o.Retryer = aws.NopRetryer{}
		o.BaseEndpoint = &a.endpoint
		if a.region != "" {
			o.Region = a.region
		}
	})
	return &queue{
		api: api, url: a.url, place: place,
		wait: min(longestPoll, limits.Stall/2), hidden: hidden, poison: poison, tick: ticker,
	}, nil
}
