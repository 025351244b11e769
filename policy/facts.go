package policy

// Facts are what the rules may speak of. A rule names them by their fields' YAML names: asset.size, media.videoCodec, labels.event.
type Facts struct {
	Asset  AssetFacts        `yaml:"asset"`
	Media  MediaFacts        `yaml:"media"`
	Labels map[string]string `yaml:"labels"` // what people and routes have put on the asset; a rule that asks for one that is not there fails
}

// AssetFacts are those of the file.
type AssetFacts struct {
	Name   string `yaml:"name"`   // as it came in, with its folders
	Site   string `yaml:"site"`   // where it came in
	Route  string `yaml:"route"`  // by which it came in
	Size   int64  `yaml:"size"`   // bytes
	Digest string `yaml:"digest"` // xxh128, lower-case hex; a rule that asks for it while it is not known fails
}

// MediaFacts are those of the probe. What the file does not have is 0, empty or false: an audio file has a width of 0.
type MediaFacts struct {
	Container string  `yaml:"container"` // mp4, mov, mxf, mpegts, wav, …
	Duration  float64 `yaml:"duration"`  // seconds, also asset.duration; a rule that asks for it while it is not known fails
	BitRate   int64   `yaml:"bitRate"`   // bits per second, of the whole file
	Timecode  string  `yaml:"timecode"`  // of the first frame

	VideoCodec string  `yaml:"videoCodec"`
	Width      int64   `yaml:"width"`
	Height     int64   `yaml:"height"`
	FrameRate  float64 `yaml:"frameRate"` // frames per second
	Interlaced bool    `yaml:"interlaced"`
	HDR        bool    `yaml:"hdr"`

	AudioCodec    string `yaml:"audioCodec"`
	AudioStreams  int64  `yaml:"audioStreams"`
	AudioChannels int64  `yaml:"audioChannels"` // of all streams together
}
