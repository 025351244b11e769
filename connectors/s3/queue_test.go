package s3

import (
	"testing"

	"gantry/connectors"
)

func TestQueues(t *testing.T) {
	for value, want := range map[string]address{
		"https://sqs.eu-central-1.amazonaws.com/111122223333/media": {
			"https://sqs.eu-central-1.amazonaws.com/111122223333/media", "https://sqs.eu-central-1.amazonaws.com", "eu-central-1",
		},
		"arn:aws:sqs:eu-central-1:111122223333:media": {
			"https://sqs.eu-central-1.amazonaws.com/111122223333/media", "https://sqs.eu-central-1.amazonaws.com", "eu-central-1",
		},
		"arn:aws-cn:sqs:cn-north-1:111122223333:media.fifo": {
			"https://sqs.cn-north-1.amazonaws.com.cn/111122223333/media.fifo", "https://sqs.cn-north-1.amazonaws.com.cn", "cn-north-1",
		},
		"http://localhost:4566/000000000000/media": {"http://localhost:4566/000000000000/media", "http://localhost:4566", ""},
	} {
		if got, err := readQueue(value); err != nil || got != want {
			t.Errorf("%s: %+v, %v", value, got, err)
		}
	}
	for _, value := range []string{
		"media", "arn:aws:sns:eu-central-1:111122223333:media", "arn:aws:sqs:eu-central-1:1:media", "https://sqs.eu-central-1.amazonaws.com/",
		"ftp://x/y", "https://user@sqs.eu-central-1.amazonaws.com/1/m", "https://x/1/m?a=b", "://",
	} {
		if got, err := readQueue(value); connectors.KindOf(err) != connectors.KindInvalid {
			t.Errorf("%s: %+v, %v", value, got, err)
		}
	}
}
