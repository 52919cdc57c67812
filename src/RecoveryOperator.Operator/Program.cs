using Prometheus;
using RecoveryOperator.Operator.Hosting;
using RecoveryOperator.Operator.Metrics;
using RecoveryOperator.Operator.Options;

var builder = WebApplication.CreateSlimBuilder(args);
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
app.MapMetrics();
app.MapHealthChecks("/healthz", new() { Predicate = _ => false });
app.MapHealthChecks("/readyz", new() { Predicate = check => check.Tags.Contains("ready") });
await app.RunAsync();
return 0;
