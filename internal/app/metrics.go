package app

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// register adds what the log and its followers say of themselves, and the Go runtime's.
func (a *App) register(r prometheus.Registerer) error {
	var followers []error
	for _, f := range a.followers {
		followers = append(followers, r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "sijil_follower_up",
			Help:        "1 while this part follows the log and gets on, 0 when it stopped or stumbles; the log says why.",
			ConstLabels: prometheus.Labels{"follower": f.name},
		}, f.up)))
	}
	return errors.Join(
		errors.Join(followers...),
		r.Register(collectors.NewGoCollector()),
		r.Register(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})),
		r.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sijil_log_position",
			Help: "Position of the newest event this process knows of; its rate is the rate of appends.",
		}, func() float64 { return float64(a.seen()) })),
		r.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "sijil_projection_position",
			Help: "How far the read models are; the lag is sijil_log_position minus this.",
		}, func() float64 { return float64(a.Runner.Position()) })),
	)
}
