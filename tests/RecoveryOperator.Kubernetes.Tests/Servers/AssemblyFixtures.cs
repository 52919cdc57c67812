using RecoveryOperator.Testing;
using RecoveryOperator.Testing.Fakes;

[assembly: AssemblyFixture(typeof(ApiServer))]
[assembly: AssemblyFixture(typeof(FakeApiServer))]
