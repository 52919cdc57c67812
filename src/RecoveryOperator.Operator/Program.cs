using Prometheus;
using RecoveryOperator.Kubernetes.Metrics;
using RecoveryOperator.Operator.Hosting;
using RecoveryOperator.Operator.Metrics;
using RecoveryOperator.Operator.Options;

Prometheus.Metrics.ConfigureMeterAdapter(adapter => adapter.InstrumentFilterPredicate = instrument => instrument.Meter.Name == KubernetesInstruments.MeterName);
// Settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
var options = builder.Configuration.GetSection(OperatorOptions.Section).Get<OperatorOptions>() ?? new OperatorOptions();
if (options.Faults() is { Count: > 0 } faults)
{
    await Console.Error.WriteLineAsync($"The operator's settings cannot be used:{string.Concat(faults.Select(fault => $"\n  - {fault}"))}");
    return 2;
}

builder.WebHost.UseUrls(options.ListenAddress);
builder.Services.AddOperator(options);
builder.Services.AddHealthChecks().AddCheck<InformersSyncedCheck>("informers", tags: ["ready"]);
var app = builder.Build();
app.Services.GetRequiredService<ProtectionMetrics>();
app.Services.GetRequiredService<PlanMetrics>();
app.MapMetrics();
app.MapHealthChecks("/healthz", new() { Predicate = _ => false });
app.MapHealthChecks("/readyz", new() { Predicate = check => check.Tags.Contains("ready"), ResponseWriter = HealthText.WriteAsync });
await app.RunAsync();
return 0;
