// TFJSBackend::AddFunction: a list of ops becomes a TensorFlow function. An addition of Trimtab to the binding of
// @tensorflow/tfjs-node, compiled beside it.
//
//   addFunction(name, nodes, inputs, outputs)
//     nodes    [op, attributes, inputs][]; an input is 256 x node + output, or an array of those for a list
//     inputs   Placeholder nodes, in the order of the arguments, in the same numbering
//     outputs  results
//
// Attributes are those of executeOp, and besides them TF_ATTR_TENSOR: the id of a tensor that becomes a constant.

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/eager/c_api.h"
#include "tf_auto_status.h"
#include "tf_auto_tensor.h"
#include "tfjs_backend.h"
#include "utils.h"

namespace tfnodejs {
namespace {

constexpr int64_t kOutputsPerNode = 256;

// Reads JavaScript values; what has the wrong type ends the call with its name.
class Reader {
 public:
  explicit Reader(napi_env env) : env_(env) {}

  uint32_t Length(napi_value array) const {
    uint32_t length = 0;
    Check(napi_get_array_length(env_, array, &length), "an array");
    return length;
  }
  napi_value At(napi_value array, uint32_t i) const {
    napi_value value = nullptr;
    Check(napi_get_element(env_, array, i, &value), "an element");
    return value;
  }
  napi_value Field(napi_value object, const char *name) const {
    napi_value value = nullptr;
    Check(napi_get_named_property(env_, object, name, &value), name);
    return value;
  }
  bool IsArray(napi_value value) const {
    bool is = false;
    Check(napi_is_array(env_, value, &is), "a value");
    return is;
  }
  std::string Text(napi_value value) const {
    std::string text;
    Check(GetStringParam(env_, value, text), "a text");
    return text;
  }
  int64_t Whole(napi_value value) const {
    int64_t number = 0;
    Check(napi_get_value_int64(env_, value, &number), "a whole number");
    return number;
  }
  double Number(napi_value value) const {
    double number = 0;
    Check(napi_get_value_double(env_, value, &number), "a number");
    return number;
  }
  bool Truth(napi_value value) const {
    bool truth = false;
    Check(napi_get_value_bool(env_, value, &truth), "true or false");
    return truth;
  }
  std::vector<int64_t> Wholes(napi_value array) const {
    std::vector<int64_t> numbers(Length(array));
    for (uint32_t i = 0; i < numbers.size(); i++) numbers[i] = Whole(At(array, i));
    return numbers;
  }

 private:
  static void Check(napi_status status, const char *what) {
    if (status != napi_ok) throw std::runtime_error(std::string("addFunction: not ") + what);
  }
  napi_env env_;
};

void Ensure(const TF_AutoStatus &status, const std::string &where) {
  if (TF_GetCode(status.status) != TF_OK) throw std::runtime_error("addFunction: " + where + ": " + TF_Message(status.status));
}

}  // namespace

napi_value TFJSBackend::AddFunction(napi_env env, napi_value name_value, napi_value nodes, napi_value inputs, napi_value outputs) {
  const Reader js(env);
  TF_AutoStatus status;
  try {
    const std::string name = js.Text(name_value);
    const std::unique_ptr<TF_Graph, void (*)(TF_Graph *)> graph(TF_NewGraph(), TF_DeleteGraph);
    std::vector<TF_Operation *> operations;
    const auto output = [&](napi_value reference) {
      const int64_t number = js.Whole(reference);
      return TF_Output{operations.at(number / kOutputsPerNode), static_cast<int>(number % kOutputsPerNode)};
    };
    const auto list = [&](napi_value references) {
      std::vector<TF_Output> found;
      for (uint32_t i = 0; i < js.Length(references); i++) found.push_back(output(js.At(references, i)));
      return found;
    };
    const auto set_attribute = [&](TF_OperationDescription *op, napi_value attribute) {
      const std::string text = js.Text(js.Field(attribute, "name"));
      const char *key = text.c_str();
      const napi_value value = js.Field(attribute, "value");
      switch (js.Whole(js.Field(attribute, "type"))) {
        case TF_ATTR_STRING: {
          const std::string content = js.Text(value);
          return TF_SetAttrString(op, key, content.data(), content.size());
        }
        case TF_ATTR_INT: {
          if (!js.IsArray(value)) return TF_SetAttrInt(op, key, js.Whole(value));
          const auto numbers = js.Wholes(value);
          return TF_SetAttrIntList(op, key, numbers.data(), static_cast<int>(numbers.size()));
        }
        case TF_ATTR_FLOAT: return TF_SetAttrFloat(op, key, static_cast<float>(js.Number(value)));
        case TF_ATTR_BOOL: return TF_SetAttrBool(op, key, js.Truth(value));
        case TF_ATTR_TYPE: {
          if (!js.IsArray(value)) return TF_SetAttrType(op, key, static_cast<TF_DataType>(js.Whole(value)));
          std::vector<TF_DataType> types;
          for (const int64_t type : js.Wholes(value)) types.push_back(static_cast<TF_DataType>(type));
          return TF_SetAttrTypeList(op, key, types.data(), static_cast<int>(types.size()));
        }
        case TF_ATTR_SHAPE: {
          // A list of shapes: no op that we use has a single one.
          std::vector<std::vector<int64_t>> shapes;
          for (uint32_t i = 0; i < js.Length(value); i++) shapes.push_back(js.Wholes(js.At(value, i)));
          std::vector<const int64_t *> sizes;
          std::vector<int> ranks;
          for (const auto &shape : shapes) {
            sizes.push_back(shape.data());
            ranks.push_back(static_cast<int>(shape.size()));
          }
          return TF_SetAttrShapeList(op, key, sizes.data(), ranks.data(), static_cast<int>(shapes.size()));
        }
        case TF_ATTR_TENSOR: {
          const TF_AutoTensor constant(TFE_TensorHandleResolve(tfe_handle_map_.at(static_cast<int32_t>(js.Whole(value))), status.status));
          Ensure(status, "a constant");
          TF_SetAttrType(op, "dtype", TF_TensorType(constant.tensor));
          TF_SetAttrTensor(op, key, constant.tensor, status.status);
          return Ensure(status, "a constant");
        }
        default: throw std::runtime_error("addFunction: attribute " + text + " has a type that it does not know");
      }
    };

    for (uint32_t n = 0; n < js.Length(nodes); n++) {
      const napi_value node = js.At(nodes, n), attributes = js.At(node, 1), arguments = js.At(node, 2);
      const std::string kind = js.Text(js.At(node, 0));
      TF_OperationDescription *op = TF_NewOperation(graph.get(), kind.c_str(), ("n" + std::to_string(n)).c_str());
      for (uint32_t i = 0; i < js.Length(arguments); i++) {
        const napi_value argument = js.At(arguments, i);
        if (js.IsArray(argument)) {
          const auto values = list(argument);
          TF_AddInputList(op, values.data(), static_cast<int>(values.size()));
        } else {
          TF_AddInput(op, output(argument));
        }
      }
      for (uint32_t i = 0; i < js.Length(attributes); i++) set_attribute(op, js.At(attributes, i));
      operations.push_back(TF_FinishOperation(op, status.status));
      Ensure(status, "node " + std::to_string(n) + ", " + kind);
    }

    const auto ins = list(inputs), outs = list(outputs);
    const std::unique_ptr<TF_Function, void (*)(TF_Function *)> function(
        TF_GraphToFunction(graph.get(), name.c_str(), 0, -1, nullptr, static_cast<int>(ins.size()), ins.data(), static_cast<int>(outs.size()), outs.data(), nullptr, nullptr, nullptr, status.status),
        TF_DeleteFunction);
    Ensure(status, name);
    TFE_ContextAddFunction(tfe_context_, function.get(), status.status);
    Ensure(status, name);
    functions_.insert(name);
    return name_value;
  } catch (const std::exception &problem) {
    // Also std::out_of_range of a reference that no node or tensor has.
    if (!IsExceptionPending(env)) napi_throw_error(env, nullptr, problem.what());
    return nullptr;
  }
}

}  // namespace tfnodejs
