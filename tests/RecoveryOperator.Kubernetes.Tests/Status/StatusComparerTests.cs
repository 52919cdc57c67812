using System.Text.Json.Nodes;
using RecoveryOperator.Kubernetes.Status;

namespace RecoveryOperator.Kubernetes.Tests.Status;

public sealed class StatusComparerTests
{
    [Theory]
    [InlineData("""{"a":1,"b":2}""", """{"b":2,"a":1}""", true)]
    [InlineData("""{"a":1,"b":null}""", """{"a":1}""", true)]
    [InlineData("""{"a":{"b":null}}""", """{"a":{}}""", true)]
    [InlineData("""{"a":1}""", """{"a":1.0}""", true)]
    [InlineData("""{"a":1}""", """{"a":"1"}""", false)]
    [InlineData("""{"a":1}""", """{"b":1}""", false)]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""", false)]
    [InlineData("""{"a":[]}""", """{}""", false)]
    [InlineData("""{"c":[{"type":"A","s":1},{"type":"B"}]}""", """{"c":[{"type":"B"},{"s":1,"type":"A"}]}""", true)]
    [InlineData("""{"c":[{"type":"A"},{"type":"A"}]}""", """{"c":[{"type":"A"},{"type":"B"}]}""", false)]
    [InlineData("""{"a":9007199254740993}""", """{"a":9007199254740992}""", false)]
    public void Values_are_equal_when_they_mean_the_same(string left, string right, bool equal)
    {
        Assert.Equal(equal, StatusComparer.AreEqual(JsonNode.Parse(left), JsonNode.Parse(right)));
        Assert.Equal(equal, StatusComparer.AreEqual(JsonNode.Parse(right), JsonNode.Parse(left)));
    }
}
