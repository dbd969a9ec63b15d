// The SOAP proxy as the workflow's service.
using System.Web.Services.Description;
using System.Web.Services.Protocols;

static class Proxy
{
    public static IService At(string url)
    {
        return new Stubs.srv { Url = url };
    }
}

namespace Stubs
{
    public partial class srv : IService
    {
        public int LargestChunk { get { return int.MaxValue; } }

        /// As a stub would have it that was generated from another service: no operation here has this name.
        [SoapDocumentMethod("http://tempuri.org/Unload", RequestNamespace = "http://tempuri.org/",
            ResponseNamespace = "http://tempuri.org/", Use = SoapBindingUse.Literal, ParameterStyle = SoapParameterStyle.Wrapped)]
        public void Unload()
        {
            Invoke("Unload", new object[0]);
        }

        public void ProvokeFault(string ticket)
        {
            try
            {
                Unload();
            }
            catch (SoapException fault)
            {
                bool soap12 = SoapVersion == SoapProtocolVersion.Soap12;
                Workflow.Equal(soap12 ? Soap12FaultCodes.SenderFaultCode : SoapException.ClientFaultCode, fault.Code, "the fault's code");
                Workflow.Equal(soap12
                    ? "Unable to handle request. The action 'http://tempuri.org/Unload' was not recognized."
                    : "Server did not recognize the value of HTTP Header SOAPAction: http://tempuri.org/Unload.",
                    fault.Message, "the fault's text");
                return;
            }
            throw new System.Exception("an operation that does not exist was answered");
        }
    }
}
