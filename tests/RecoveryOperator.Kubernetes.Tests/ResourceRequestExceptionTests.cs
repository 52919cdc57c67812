using System.Net;
using k8s.Autorest;
using RecoveryOperator.Kubernetes.Resources;

namespace RecoveryOperator.Kubernetes.Tests;

public sealed class ResourceRequestExceptionTests
{
    [Theory]
    [InlineData("failed to create typed patch object: .status.lastShipped: field not declared in schema", true)]
    [InlineData("the object is too large", false)]
    public void A_field_that_the_installed_definition_lacks_is_named_with_what_to_do(string said, bool isOld)
    {
        using var response = new HttpResponseMessage(HttpStatusCode.InternalServerError);
        var error = ResourceRequestException.From("Apply", new HttpOperationException("failed") { Response = new HttpResponseMessageWrapper(response, said) });

        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(isOld, error.Message.Contains("kubectl apply --server-side -f crds/", StringComparison.Ordinal));
    }
}
